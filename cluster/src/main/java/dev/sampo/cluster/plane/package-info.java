/** The data plane: connections of its own between nodes, for frames and nothing else. */
@NullMarked
package dev.sampo.cluster.plane;

import org.jspecify.annotations.NullMarked;
