package dev.sampo.cluster.wire;

import java.nio.ByteBuffer;
import java.util.Map;

/** Reads the frames of one module; found by {@link java.util.ServiceLoader}, so register it in META-INF/services. */
public interface FrameCodec {
    /** Reads one frame; throws {@link IllegalArgumentException} naming what is wrong with a malformed one. */
    @FunctionalInterface
    interface Reader {
        Frame read(ByteBuffer source, FrameContext context);
    }

    /** The reader of every manifest this module writes. */
    Map<String, Reader> readers();
}
