package dev.sampo.parameter.shard;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One shard at one clock, as a checkpoint holds it. The arrays are given up to whoever is handed the snapshot.
 *
 * <p>File layout, little-endian; a change of layout is a new magic:
 *
 * <pre>
 *  0        8      12      20     24     28     32           40           48          56        64              72          80          88
 *  | magic  | index| clock | length| slots| ranks| rowsApplied| epochWeight| epochLoss | stepLoss| contributions| behindSum | behindMax | ...
 *  | values f32[length] | slots f32[slots][length] | rankClocks i64[ranks] | crc32c i32
 * </pre>
 *
 * @param clock of the slowest rank
 * @param values [length]
 * @param slots [optimizer slots][length]; no rows if the optimizer has not begun (the initial snapshot)
 * @param rankClocks [ranks] of a job whose steps are not synchronous, otherwise empty
 */
public record ShardSnapshot(
        int index, long clock, float[] values, float[][] slots, ShardState.Ledger ledger, long[] rankClocks) {
    private static final byte[] MAGIC = {'S', 'A', 'M', 'P', 'O', 'P', 'S', '2'};
    private static final int HEADER_BYTES = 88;

    /** The snapshot that a job starts from. */
    public static ShardSnapshot initial(int index, float[] values) {
        return new ShardSnapshot(index, 0, values, new float[0][], ShardState.Ledger.EMPTY, new long[0]);
    }

    public byte[] toBytes() {
        return toBytes(null);
    }

    /** @param spare an array that may be written and given back, if it has just the right length */
    byte[] toBytes(byte @Nullable [] spare) {
        int floats = Math.multiplyExact(values.length, 1 + slots.length);
        int length = Math.addExact(
                Math.multiplyExact(floats, Float.BYTES), HEADER_BYTES + rankClocks.length * Long.BYTES + 4);
        byte[] bytes = spare != null && spare.length == length ? spare : new byte[length];
        ByteBuffer out = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        out.put(MAGIC).putInt(index).putLong(clock);
        out.putInt(values.length).putInt(slots.length).putInt(rankClocks.length);
        out.putLong(ledger.rowsApplied())
                .putDouble(ledger.epochWeight())
                .putDouble(ledger.epochLoss())
                .putDouble(ledger.stepLoss())
                .putLong(ledger.contributions())
                .putLong(ledger.behindSum())
                .putLong(ledger.behindMax());
        FloatBuffer body = out.asFloatBuffer();
        body.put(values);
        for (float[] slot : slots) {
            body.put(slot);
        }
        out.position(HEADER_BYTES + floats * Float.BYTES);
        for (long each : rankClocks) {
            out.putLong(each);
        }
        out.putInt(crc(bytes, out.position()));
        return bytes;
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
            throw new IllegalArgumentException("not a shard snapshot: it does not begin with SAMPOPS2");
        }
        int index = in.getInt();
        long clock = in.getLong();
        int length = in.getInt();
        int slotCount = in.getInt();
        int ranks = in.getInt();
        var ledger = new ShardState.Ledger(
                in.getLong(), in.getDouble(), in.getDouble(), in.getDouble(), in.getLong(), in.getLong(), in.getLong());
        long floats = (long) length * (1 + slotCount);
        long claimed = floats * Float.BYTES + (long) ranks * Long.BYTES + HEADER_BYTES + 4;
        if (length < 0 || slotCount < 0 || slotCount > 16 || ranks < 0 || claimed != bytes.length) {
            throw new IllegalArgumentException("a shard snapshot of " + bytes.length + " bytes that claims " + length
                    + " values, " + slotCount + " slots and " + ranks + " ranks");
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
        in.position(HEADER_BYTES + (int) floats * Float.BYTES);
        long[] rankClocks = new long[ranks];
        for (int rank = 0; rank < ranks; rank++) {
            rankClocks[rank] = in.getLong();
        }
        return new ShardSnapshot(index, clock, values, slots, ledger, rankClocks);
    }

    private static int crc(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }
}
