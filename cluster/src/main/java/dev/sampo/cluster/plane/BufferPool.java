package dev.sampo.cluster.plane;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * Native buffers of one envelope each, in use only while a frame is written or read: a node with many peers needs as many as it
 * has threads at work, not two for each peer. Thread-safe.
 */
final class BufferPool {
    private static final int KEPT = 16;
    private final BlockingQueue<ByteBuffer> free = new ArrayBlockingQueue<>(KEPT);

    /** An empty little-endian buffer of {@link Envelope#BYTES_MAX}; to be given back. */
    ByteBuffer take() {
        ByteBuffer kept = free.poll();
        return kept != null
                ? kept.clear()
                : ByteBuffer.allocateDirect(Envelope.BYTES_MAX).order(ByteOrder.LITTLE_ENDIAN);
    }

    void give(ByteBuffer buffer) {
        // One too many is left to the garbage collector.
        free.offer(buffer);
    }
}
