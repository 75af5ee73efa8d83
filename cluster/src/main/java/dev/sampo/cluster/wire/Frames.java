package dev.sampo.cluster.wire;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The pieces that frames are laid of: length-prefixed text and float arrays, checked before anything is allocated. */
public final class Frames {
    private Frames() {}

    /** Writes {@code u16 length, UTF-8 bytes}. */
    public static void putText(ByteBuffer target, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > 0xFFFF) {
            throw new IllegalArgumentException("text of " + bytes.length + " bytes in a frame; at most 65535");
        }
        target.putShort((short) bytes.length);
        target.put(bytes);
    }

    public static String getText(ByteBuffer source) {
        int length = Short.toUnsignedInt(source.getShort());
        if (length > source.remaining()) {
            throw new IllegalArgumentException(
                    "text claims " + length + " bytes but " + source.remaining() + " remain");
        }
        byte[] bytes = new byte[length];
        source.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Writes {@code i32 count, f32[count]} with one bulk copy. */
    public static void putFloats(ByteBuffer target, float[] values, int offset, int length) {
        target.putInt(length);
        target.asFloatBuffer().put(values, offset, length);
        target.position(target.position() + length * Float.BYTES);
    }

    public static float[] getFloats(ByteBuffer source) {
        int length = source.getInt();
        if (length < 0 || length > source.remaining() / Float.BYTES) {
            throw new IllegalArgumentException(
                    "frame claims " + length + " floats but " + source.remaining() + " bytes remain");
        }
        float[] values = new float[length];
        source.asFloatBuffer().get(values);
        source.position(source.position() + length * Float.BYTES);
        return values;
    }
}
