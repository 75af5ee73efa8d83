package dev.sampo.cluster.wire;

import java.nio.ByteBuffer;

/**
 * Marks a data-plane message: it crosses nodes as a hand-laid little-endian binary frame of at most
 * {@link #BYTES_MAX}, written by the {@link FrameCodec} registered for its {@link #manifest()}.
 */
public interface Frame {
    /** Payload and header must fit; Artery's large frame is a little larger. */
    int BYTES_MAX = (1 << 20) + 4096;

    /** The wire name and version of this layout, such as {@code "values-1"}; a changed layout is a new manifest. */
    String manifest();

    /** Writes the frame at the buffer's position; the order is little-endian already. */
    void write(ByteBuffer target, FrameContext context);
}
