/** The one executable: a node with its roles, and its command line. */
@NullMarked
package dev.sampo.node;

import org.jspecify.annotations.NullMarked;
