/** A node: its roles, settings, and formation into a cluster. */
@NullMarked
package dev.sampo.cluster;

import org.jspecify.annotations.NullMarked;
