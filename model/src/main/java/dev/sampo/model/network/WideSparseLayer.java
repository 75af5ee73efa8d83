package dev.sampo.model.network;

import dev.sampo.model.data.Batch;
import dev.sampo.model.data.Selection;
import java.util.Arrays;
import java.util.Objects;

/**
 * A {@link SparseLayer} of many outputs. A row's scores are the sum of the weight's rows at its entries, a feature's gradient the
 * sum of the deltas of the rows that have it: both add scaled rows, in the order of the features and of the batch's rows, one
 * rounding each ({@link Math#fma}), so vectors of any length give the same bits.
 */
final class WideSparseLayer implements SparseLayer {
    /** Rows whose entries, and then whose deltas, stay in a second-level cache beside the weight, and then its gradient. */
    private static final int BLOCK_ROWS = 128;

    private final int in;
    private final int out;
    // A loop over [at + i] of one array and [i] of another stays scalar (C2 of JDK 17): each row is an array.
    /** [in][out]. */
    private final float[][] weight;

    private final float[] bias;
    private final float[] sum;
    /** [BLOCK_ROWS][out] of the block at work. */
    private final float[][] deltas;

    // The batch's entries by block and feature, those of a feature in the order of rows.
    /** [blocks][in + 1] where each feature's entries begin; grows. */
    private int[][] starts = new int[0][];

    private int[] rows = new int[0];
    private float[] values = new float[0];
    /** Entries so far. */
    private int placed;

    WideSparseLayer(int in, int out) {
        this.in = in;
        this.out = out;
        weight = new float[in][out];
        bias = new float[out];
        sum = new float[out];
        deltas = new float[BLOCK_ROWS][out];
    }

    @Override
    public void load(float[] source, int sourceOffset, int at, int length) {
        int end = at + length;
        for (int from = at, to; from < end; from = to) {
            int row = from / out;
            to = Math.min(end, (row + 1) * out);
            System.arraycopy(
                    source, sourceOffset + from - at, row < in ? weight[row] : bias, from - row * out, to - from);
        }
    }

    @Override
    public void scores(Selection batch, float[] scores, boolean training) {
        placed = 0;
        for (int from = 0; from < batch.rows(); from += BLOCK_ROWS) {
            int to = Math.min(batch.rows(), from + BLOCK_ROWS);
            for (int row = from; row < to; row++) {
                Batch chunk = batch.chunk(row);
                int[] chunkStarts = Objects.requireNonNull(chunk.rowStarts());
                int at = batch.row(row);
                System.arraycopy(bias, 0, sum, 0, out);
                add(
                        sum,
                        weight,
                        Objects.requireNonNull(chunk.indices()),
                        Objects.requireNonNull(chunk.values()),
                        chunkStarts[at],
                        chunkStarts[at + 1]);
                System.arraycopy(sum, 0, scores, row * out, out);
            }
            if (training) {
                // Now, while the entries are in the cache.
                transpose(batch, from, to);
            }
        }
    }

    @Override
    public void gradient(Selection batch, float[] delta, float[] gradient) {
        for (int from = 0; from < batch.rows(); from += BLOCK_ROWS) {
            int to = Math.min(batch.rows(), from + BLOCK_ROWS);
            for (int row = from; row < to; row++) {
                System.arraycopy(delta, row * out, deltas[row - from], 0, out);
            }
            int[] at = starts[from / BLOCK_ROWS];
            for (int feature = 0; feature < in; feature++) {
                if (from == 0) {
                    Arrays.fill(sum, 0f);
                } else {
                    System.arraycopy(gradient, feature * out, sum, 0, out);
                }
                add(sum, deltas, rows, values, at[feature], at[feature + 1]);
                System.arraycopy(sum, 0, gradient, feature * out, out);
            }
        }
    }

    /** Lays the entries of rows [from, to), a block, by feature behind those of the blocks before. */
    private void transpose(Selection batch, int from, int to) {
        int block = from / BLOCK_ROWS;
        if (block == starts.length) {
            starts = Arrays.copyOf(starts, block + 1);
            starts[block] = new int[in + 1];
        }
        int[] at = starts[block];
        Arrays.fill(at, 0);
        int end = placed;
        for (int row = from; row < to; row++) {
            Batch chunk = batch.chunk(row);
            int[] indices = Objects.requireNonNull(chunk.indices());
            int[] chunkStarts = Objects.requireNonNull(chunk.rowStarts());
            int rowEnd = chunkStarts[batch.row(row) + 1];
            for (int entry = chunkStarts[batch.row(row)]; entry < rowEnd; entry++) {
                at[indices[entry]]++;
            }
            end = Math.addExact(end, rowEnd - chunkStarts[batch.row(row)]);
        }
        if (rows.length < end) {
            // Half more, for more blocks and for batches that have some more.
            int room = (int) Math.min(Integer.MAX_VALUE - 8L, end + end / 2L);
            rows = Arrays.copyOf(rows, room);
            values = Arrays.copyOf(values, room);
        }
        int next = placed;
        for (int feature = 0; feature <= in; feature++) {
            next += at[feature];
            at[feature] = next;
        }
        // Each feature is filled from its end, so that its start is what remains.
        for (int row = to - 1; row >= from; row--) {
            Batch chunk = batch.chunk(row);
            int[] indices = Objects.requireNonNull(chunk.indices());
            float[] chunkValues = Objects.requireNonNull(chunk.values());
            int[] chunkStarts = Objects.requireNonNull(chunk.rowStarts());
            int begin = chunkStarts[batch.row(row)];
            for (int entry = chunkStarts[batch.row(row) + 1] - 1; entry >= begin; entry--) {
                int place = --at[indices[entry]];
                rows[place] = row - from;
                values[place] = chunkValues[entry];
            }
        }
        placed = end;
    }

    /** Adds factors[e] * rows[numbers[e]] to {@code sum} for each e of [from, to), in that order. */
    private static void add(float[] sum, float[][] rows, int[] numbers, float[] factors, int from, int to) {
        int e = from;
        // Six at a time: the sum is read and written once for all. C2 leaves a loop over two arrays more scalar.
        for (; e + 6 <= to; e += 6) {
            float[] a = rows[numbers[e]];
            float[] b = rows[numbers[e + 1]];
            float[] c = rows[numbers[e + 2]];
            float[] d = rows[numbers[e + 3]];
            float[] f = rows[numbers[e + 4]];
            float[] g = rows[numbers[e + 5]];
            float byA = factors[e];
            float byB = factors[e + 1];
            float byC = factors[e + 2];
            float byD = factors[e + 3];
            float byF = factors[e + 4];
            float byG = factors[e + 5];
            add(sum, a, byA, b, byB, c, byC, d, byD, f, byF, g, byG);
        }
        if (e + 3 <= to) {
            float[] a = rows[numbers[e]];
            float[] b = rows[numbers[e + 1]];
            float[] c = rows[numbers[e + 2]];
            add(sum, a, factors[e], b, factors[e + 1], c, factors[e + 2]);
            e += 3;
        }
        for (; e < to; e++) {
            add(sum, rows[numbers[e]], factors[e]);
        }
    }

    private static void add(
            float[] sum,
            float[] a,
            float byA,
            float[] b,
            float byB,
            float[] c,
            float byC,
            float[] d,
            float byD,
            float[] f,
            float byF,
            float[] g,
            float byG) {
        for (int i = 0; i < sum.length; i++) {
            float s = Math.fma(byA, a[i], sum[i]);
            s = Math.fma(byB, b[i], s);
            s = Math.fma(byC, c[i], s);
            s = Math.fma(byD, d[i], s);
            s = Math.fma(byF, f[i], s);
            sum[i] = Math.fma(byG, g[i], s);
        }
    }

    private static void add(float[] sum, float[] a, float byA, float[] b, float byB, float[] c, float byC) {
        for (int i = 0; i < sum.length; i++) {
            float s = Math.fma(byA, a[i], sum[i]);
            s = Math.fma(byB, b[i], s);
            sum[i] = Math.fma(byC, c[i], s);
        }
    }

    private static void add(float[] sum, float[] a, float byA) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] = Math.fma(byA, a[i], sum[i]);
        }
    }
}
