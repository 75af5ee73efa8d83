package dev.sampo.parameter.shard;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.zip.CRC32C;

/**
 * One shard at one clock, as a checkpoint holds it. The arrays are given up to whoever is handed the snapshot.
 *
 * <p>File layout, little-endian; a change of layout is a new magic:
 *
 * <pre>
 *  0        8      12      20     24     28            36           44          52        60
 *  | magic  | index| clock | length| slots| rowsApplied| epochWeight| epochLoss | stepLoss| values f32[length] | slots f32[slots][length] | crc32c i32
 * </pre>
 *
 * @param values [length]
 * @param slots [optimizer slots][length]; no rows if the optimizer has not begun (the initial snapshot)
 */
public record ShardSnapshot(int index, long clock, float[] values, float[][] slots, ShardState.Ledger ledger) {
    private static final byte[] MAGIC = {'S', 'A', 'M', 'P', 'O', 'P', 'S', '1'};
    private static final int HEADER_BYTES = 60;

    /** The snapshot that a job starts from. */
    public static ShardSnapshot initial(int index, float[] values) {
        return new ShardSnapshot(index, 0, values, new float[0][], ShardState.Ledger.EMPTY);
    }

    public byte[] toBytes() {
        int floats = Math.multiplyExact(values.length, 1 + slots.length);
        ByteBuffer out = ByteBuffer.allocate(Math.addExact(Math.multiplyExact(floats, Float.BYTES), HEADER_BYTES + 4))
                .order(ByteOrder.LITTLE_ENDIAN);
        out.put(MAGIC).putInt(index).putLong(clock).putInt(values.length).putInt(slots.length);
        out.putLong(ledger.rowsApplied())
                .putDouble(ledger.epochWeight())
                .putDouble(ledger.epochLoss())
                .putDouble(ledger.stepLoss());
        FloatBuffer body = out.asFloatBuffer();
        body.put(values);
        for (float[] slot : slots) {
            body.put(slot);
        }
        out.position(HEADER_BYTES + floats * Float.BYTES);
        out.putInt(crc(out.array(), out.position()));
        return out.array();
    }

    /** Reads what {@link #toBytes} wrote; {@link IllegalArgumentException} says what is wrong with anything else. */
    public static ShardSnapshot fromBytes(byte[] bytes) {
        if (bytes.length < HEADER_BYTES + 4) {
            throw new IllegalArgumentException("a shard snapshot of only " + bytes.length + " bytes; it was cut off");
        }
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        byte[] magic = new byte[MAGIC.length];
        in.get(magic);
        if (!java.util.Arrays.equals(magic, MAGIC)) {
            throw new IllegalArgumentException("not a shard snapshot: it does not begin with SAMPOPS1");
        }
        int index = in.getInt();
        long clock = in.getLong();
        int length = in.getInt();
        int slotCount = in.getInt();
        var ledger = new ShardState.Ledger(in.getLong(), in.getDouble(), in.getDouble(), in.getDouble());
        long floats = (long) length * (1 + slotCount);
        if (length < 0 || slotCount < 0 || slotCount > 16 || floats * Float.BYTES + HEADER_BYTES + 4 != bytes.length) {
            throw new IllegalArgumentException("a shard snapshot of " + bytes.length + " bytes that claims " + length
                    + " values and " + slotCount + " slots");
        }
        if (in.getInt(bytes.length - 4) != crc(bytes, bytes.length - 4)) {
            throw new IllegalArgumentException("a shard snapshot whose checksum does not fit; it is damaged");
        }
        FloatBuffer body = in.asFloatBuffer();
        float[] values = new float[length];
        body.get(values);
        float[][] slots = new float[slotCount][length];
        for (float[] slot : slots) {
            body.get(slot);
        }
        return new ShardSnapshot(index, clock, values, slots, ledger);
    }

    private static int crc(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }
}
