/** The cluster's client: one interface, two doors. */
@NullMarked
package dev.sampo.node.client;

import org.jspecify.annotations.NullMarked;
