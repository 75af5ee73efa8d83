/** Serialization: the marker of control messages and the data plane's binary frames. */
@NullMarked
package dev.sampo.cluster.wire;

import org.jspecify.annotations.NullMarked;
