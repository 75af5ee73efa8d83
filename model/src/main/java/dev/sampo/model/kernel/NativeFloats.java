package dev.sampo.model.kernel;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;

/** A native float array with one owner, who closes it. Not thread-safe. */
public final class NativeFloats implements AutoCloseable {
    static {
        Kernel.load();
    }

    private final FloatPointer pointer;
    /** The same memory; its bulk copies need no JNI call. */
    private final FloatBuffer buffer;

    /** @param length 0 to 2^31 - 1 */
    public NativeFloats(long length) {
        pointer = new FloatPointer(Math.max(1, length));
        pointer.zero();
        buffer = pointer.asBuffer();
    }

    public FloatPointer pointer() {
        return pointer;
    }

    /** Copies source[offset, offset + length) to [at, at + length). */
    public void put(int at, float[] source, int offset, int length) {
        buffer.put(at, source, offset, length);
    }

    /** Copies [at, at + length) to target[offset, offset + length). */
    public void get(int at, float[] target, int offset, int length) {
        buffer.get(at, target, offset, length);
    }

    @Override
    public void close() {
        pointer.deallocate();
    }
}
