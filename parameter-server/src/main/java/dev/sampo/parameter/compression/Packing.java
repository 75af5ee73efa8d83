package dev.sampo.parameter.compression;

import dev.sampo.cluster.wire.Frames;
import java.nio.ByteBuffer;
import java.util.Locale;

/**
 * How an array of floats is laid in a frame. Without loss for the arrays that the {@link Compression} of that name makes.
 *
 * <pre> u8 packing | i32 n | f32[n] or u16[n] or (i32 entries | i32 index[entries] | f32[entries]) </pre>
 */
public enum Packing {
    FLOAT32,
    FLOAT16,
    BFLOAT16,
    /** Only what is not 0, if that is shorter; otherwise all of it. */
    SPARSE;

    private static final int ENTRY_BYTES = Integer.BYTES + Float.BYTES;
    /** Most floats in a frame: 1 MiB. */
    public static final int FLOATS_MAX = 256 * 1024;

    /** Writes elements [offset, offset + length). */
    public void put(ByteBuffer target, float[] values, int offset, int length) {
        int entries = this == SPARSE ? entries(values, offset, length) : 0;
        Packing laid = this == SPARSE && (long) entries * ENTRY_BYTES >= (long) length * Float.BYTES ? FLOAT32 : this;
        target.put((byte) laid.ordinal());
        switch (laid) {
            case FLOAT32 -> Frames.putFloats(target, values, offset, length);
            case FLOAT16 -> {
                target.putInt(length);
                for (int i = offset; i < offset + length; i++) {
                    target.putShort(ShortFloats.float16Bits(values[i]));
                }
            }
            case BFLOAT16 -> {
                target.putInt(length);
                for (int i = offset; i < offset + length; i++) {
                    target.putShort(ShortFloats.bfloat16Bits(values[i]));
                }
            }
            case SPARSE -> putSparse(target, entries, values, offset, length);
        }
    }

    private static void putSparse(ByteBuffer target, int entries, float[] values, int offset, int length) {
        target.putInt(length).putInt(entries);
        for (int i = 0; i < length; i++) {
            if (isEntry(values[offset + i])) {
                target.putInt(i);
            }
        }
        for (int i = 0; i < length; i++) {
            if (isEntry(values[offset + i])) {
                target.putFloat(values[offset + i]);
            }
        }
    }

    private static int entries(float[] values, int offset, int length) {
        int entries = 0;
        for (int i = offset; i < offset + length; i++) {
            entries += isEntry(values[i]) ? 1 : 0;
        }
        return entries;
    }

    /** -0 is one: a sum with it may be other bits than with 0. */
    private static boolean isEntry(float value) {
        return Float.floatToRawIntBits(value) != 0;
    }

    /** @throws IllegalArgumentException for what no {@link #put} writes */
    public static float[] get(ByteBuffer source) {
        int packing = Byte.toUnsignedInt(source.get());
        if (packing >= values().length) {
            throw new IllegalArgumentException("packing " + packing + " of floats is unknown");
        }
        return switch (values()[packing]) {
            case FLOAT32 -> Frames.getFloats(source);
            case FLOAT16 -> {
                float[] values = new float[count(source, Short.BYTES, FLOAT16)];
                for (int i = 0; i < values.length; i++) {
                    values[i] = ShortFloats.ofFloat16Bits(source.getShort());
                }
                yield values;
            }
            case BFLOAT16 -> {
                float[] values = new float[count(source, Short.BYTES, BFLOAT16)];
                for (int i = 0; i < values.length; i++) {
                    values[i] = ShortFloats.ofBfloat16Bits(source.getShort());
                }
                yield values;
            }
            case SPARSE -> getSparse(source);
        };
    }

    private static float[] getSparse(ByteBuffer source) {
        int length = source.getInt();
        int entries = count(source, ENTRY_BYTES, SPARSE);
        // What is laid sparse is shorter so; without that bound a few bytes could claim a huge array.
        if (length < entries || length > FLOATS_MAX) {
            throw new IllegalArgumentException("a sparse array of " + length + " floats with " + entries + " entries");
        }
        float[] values = new float[length];
        int valuesAt = source.position() + entries * Integer.BYTES;
        for (int i = 0; i < entries; i++) {
            int index = source.getInt();
            if (index < 0 || index >= length) {
                throw new IllegalArgumentException("entry " + index + " of " + length + " floats");
            }
            values[index] = source.getFloat(valuesAt + i * Float.BYTES);
        }
        source.position(valuesAt + entries * Float.BYTES);
        return values;
    }

    private static int count(ByteBuffer source, int bytesEach, Packing packing) {
        int count = source.getInt();
        if (count < 0 || count > source.remaining() / bytesEach) {
            throw new IllegalArgumentException("frame claims " + count + " "
                    + packing.name().toLowerCase(Locale.ROOT) + " but " + source.remaining() + " bytes remain");
        }
        return count;
    }
}
