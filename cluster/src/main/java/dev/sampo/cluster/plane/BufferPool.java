package dev.sampo.cluster.plane;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * Native buffers of one envelope (1 MiB) each, in use only while a frame is written or read. Kept for ever: their number is the most
 * that were in use at once, at worst two for each node this one talks with. Thread-safe.
 */
final class BufferPool {
    private final Deque<ByteBuffer> free = new ConcurrentLinkedDeque<>();

    /** An empty little-endian buffer of {@link Envelope#BYTES_MAX}; to be given back. */
    ByteBuffer take() {
        // The one given back last is the one most likely in the processor's cache.
        ByteBuffer kept = free.pollFirst();
        return kept != null
                ? kept.clear()
                : ByteBuffer.allocateDirect(Envelope.BYTES_MAX).order(ByteOrder.LITTLE_ENDIAN);
    }

    void give(ByteBuffer buffer) {
        free.addFirst(buffer);
    }
}
