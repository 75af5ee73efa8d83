package dev.sampo.model.data;

import org.jspecify.annotations.Nullable;

/**
 * The numeric rows of one mini-batch, after the feature pipeline. Either dense or in compressed sparse rows (CSR).
 * Immutable by convention: who hands it on does not write to it again. May have zero rows. Its arrays may be longer than what
 * they hold, for they are used again: {@code rows}, {@code width} and {@code rowStarts[rows]} tell how far they are filled.
 *
 * @param rows number of rows
 * @param width number of features
 * @param dense [rows, width] row-major, or null if sparse
 * @param rowStarts [rows + 1] first entry of each row in {@code indices}/{@code values}, or null if dense
 * @param indices [nnz] feature numbers, ascending within a row, or null if dense
 * @param values [nnz], or null if dense
 * @param labels [rows] targets: class number, 0/1, or the value itself; empty if unlabelled
 * @param weights [rows] sample weights, or null if all are 1
 */
public record Batch(
        int rows,
        int width,
        float @Nullable [] dense,
        int @Nullable [] rowStarts,
        int @Nullable [] indices,
        float @Nullable [] values,
        float[] labels,
        float @Nullable [] weights) {
    public static Batch dense(int rows, int width, float[] dense, float[] labels, float @Nullable [] weights) {
        return new Batch(rows, width, dense, null, null, null, labels, weights);
    }

    public static Batch sparse(
            int rows,
            int width,
            int[] rowStarts,
            int[] indices,
            float[] values,
            float[] labels,
            float @Nullable [] weights) {
        return new Batch(rows, width, null, rowStarts, indices, values, labels, weights);
    }

    public boolean isSparse() {
        return rowStarts != null;
    }

    /** Number of entries of a sparse batch; -1 if it is dense. */
    public int nnz() {
        return rowStarts == null ? -1 : rowStarts[rows];
    }
}
