package dev.sampo.model.kernel;

import org.bytedeco.javacpp.FloatPointer;

/** A native float array with one owner, who closes it. Not thread-safe. */
public final class NativeFloats implements AutoCloseable {
    private final FloatPointer pointer;

    public NativeFloats(long length) {
        pointer = new FloatPointer(Math.max(1, length));
        pointer.zero();
    }

    public FloatPointer pointer() {
        return pointer;
    }

    /** A view that begins at an element; owned by this array and valid until it is closed. */
    public FloatPointer from(long element) {
        return new FloatPointer(pointer).position(element);
    }

    /** Copies source[offset, offset + length) to the beginning. */
    public void put(float[] source, int offset, int length) {
        pointer.put(source, offset, length);
    }

    /** Copies the first {@code length} elements to target[offset, …). */
    public void get(float[] target, int offset, int length) {
        pointer.get(target, offset, length);
    }

    @Override
    public void close() {
        pointer.deallocate();
    }
}
