package dev.sampo.ingestion.stream;

import dev.sampo.model.data.Batch;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a batch, little-endian; a change of layout is a new manifest of {@link BatchPart}.
 *
 * <pre> i32 rows | i32 width | i32 nnz (-1 dense) | i32 labels | i32 weights (-1 none)
 *  | dense: f32[rows * width] | sparse: i32[rows + 1], i32[nnz], f32[nnz] | f32[labels] | f32[weights] </pre>
 */
final class BatchCodec {
    private static final int HEADER_BYTES = 20;

    private BatchCodec() {}

    /** Bytes of an encoded batch. */
    static long size(Batch batch) {
        int nnz = batch.nnz();
        long words = labels(batch) + (long) (batch.weights() == null ? 0 : batch.rows());
        words += nnz < 0 ? (long) batch.rows() * batch.width() : batch.rows() + 1L + 2L * nnz;
        return HEADER_BYTES + 4 * words;
    }

    private static int labels(Batch batch) {
        return batch.labels().length == 0 ? 0 : batch.rows();
    }

    static byte[] encode(Batch batch) {
        int rows = batch.rows();
        int nnz = batch.nnz();
        ByteBuffer out = ByteBuffer.allocate(Math.toIntExact(size(batch))).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(rows)
                .putInt(batch.width())
                .putInt(nnz)
                .putInt(labels(batch))
                .putInt(batch.weights() == null ? -1 : rows);
        put(out, batch.dense(), rows * batch.width());
        put(out, batch.rowStarts(), rows + 1);
        put(out, batch.indices(), nnz);
        put(out, batch.values(), nnz);
        put(out, batch.labels(), labels(batch));
        put(out, batch.weights(), rows);
        return out.array();
    }

    private static void put(ByteBuffer out, float @Nullable [] values, int length) {
        if (values != null) {
            out.asFloatBuffer().put(values, 0, length);
            out.position(out.position() + 4 * length);
        }
    }

    private static void put(ByteBuffer out, int @Nullable [] values, int length) {
        if (values != null) {
            out.asIntBuffer().put(values, 0, length);
            out.position(out.position() + 4 * length);
        }
    }

    static Batch decode(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.length < HEADER_BYTES) {
            throw new IllegalArgumentException("a batch of only " + bytes.length + " bytes");
        }
        int rows = in.getInt();
        int width = in.getInt();
        int nnz = in.getInt();
        int labels = in.getInt();
        int weights = in.getInt();
        check(bytes.length - HEADER_BYTES, rows, width, nnz, labels, weights);
        if (nnz < 0) {
            float[] dense = floats(in, rows * width);
            float[] targets = floats(in, labels);
            return Batch.dense(rows, width, dense, targets, weights < 0 ? null : floats(in, weights));
        }
        int[] starts = ints(in, rows + 1);
        int[] indices = ints(in, nnz);
        checkRows(starts, indices, width);
        float[] values = floats(in, nnz);
        float[] targets = floats(in, labels);
        return Batch.sparse(rows, width, starts, indices, values, targets, weights < 0 ? null : floats(in, weights));
    }

    /** Before anything is allocated: the sizes agree with each other and with the bytes that are there. */
    private static void check(int bytes, int rows, int width, int nnz, int labels, int weights) {
        boolean sane = rows >= 0 && width >= 0 && nnz >= -1 && (labels == 0 || labels == rows);
        sane &= weights == -1 || weights == rows;
        // Each term is below 2^62 / 2, so the sum can't wrap.
        long words = sane ? (nnz < 0 ? (long) rows * width : rows + 1L + 2L * nnz) : -1;
        if (!sane || words > bytes || 4 * (words + labels + Math.max(0, weights)) != bytes) {
            throw new IllegalArgumentException("a batch of " + bytes + " bytes that claims [" + rows + ", " + width
                    + "], " + nnz + " entries, " + labels + " labels and " + weights + " weights");
        }
    }

    private static void checkRows(int[] starts, int[] indices, int width) {
        if (starts[0] != 0 || starts[starts.length - 1] != indices.length) {
            throw new IllegalArgumentException("rows of a batch from entry " + starts[0] + " to "
                    + starts[starts.length - 1] + " of " + indices.length);
        }
        for (int row = 0; row + 1 < starts.length; row++) {
            int last = -1;
            if (starts[row + 1] < starts[row] || starts[row + 1] > indices.length) {
                throw new IllegalArgumentException("row " + row + " of a batch ends at entry " + starts[row + 1]);
            }
            for (int i = starts[row]; i < starts[row + 1]; i++) {
                if (indices[i] <= last || indices[i] >= width) {
                    throw new IllegalArgumentException(
                            "feature " + indices[i] + " in row " + row + " of a batch of width " + width);
                }
                last = indices[i];
            }
        }
    }

    private static float[] floats(ByteBuffer in, int length) {
        float[] values = new float[length];
        in.asFloatBuffer().get(values);
        in.position(in.position() + 4 * length);
        return values;
    }

    private static int[] ints(ByteBuffer in, int length) {
        int[] values = new int[length];
        in.asIntBuffer().get(values);
        in.position(in.position() + 4 * length);
        return values;
    }
}
