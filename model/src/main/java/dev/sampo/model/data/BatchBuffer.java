package dev.sampo.ingestion.stream;

import dev.sampo.model.data.Batch;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The arrays a batch is gathered into: those of a batch that was given back, where they are large enough, or new ones for as
 * many rows as a batch may have, so that they will do the next time. Not thread-safe.
 */
final class BatchBuffer {
    private final int rowsMax;
    private final int width;
    private final boolean sparse;
    private final boolean weighted;
    private @Nullable Batch spare;
    private float[] dense = new float[0];
    private int[] rowStarts = new int[0];
    private int[] indices = new int[0];
    private float[] values = new float[0];
    private float[] labels = new float[0];
    private float @Nullable [] weights;

    BatchBuffer(int rowsMax, int width, boolean sparse, boolean weighted) {
        this.rowsMax = rowsMax;
        this.width = width;
        this.sparse = sparse;
        this.weighted = weighted;
    }

    /** Takes the arrays of {@code given} for the next batch; nobody else may have them any more. */
    void begin(@Nullable Batch given) {
        boolean fits = given != null
                && given.isSparse() == sparse
                && given.labels().length >= rowsMax
                && (given.weights() != null && given.weights().length >= rowsMax) == weighted
                && (sparse
                        ? Objects.requireNonNull(given.rowStarts()).length > rowsMax
                        : Objects.requireNonNull(given.dense()).length >= rowsMax * width);
        spare = fits ? given : null;
        if (!fits || given == null) {
            labels = new float[rowsMax];
            weights = weighted ? new float[rowsMax] : null;
            dense = sparse ? dense : new float[Math.multiplyExact(rowsMax, width)];
            rowStarts = sparse ? new int[rowsMax + 1] : rowStarts;
            indices = new int[0];
            values = new float[0];
            return;
        }
        labels = given.labels();
        weights = given.weights();
        if (sparse) {
            rowStarts = Objects.requireNonNull(given.rowStarts());
            indices = Objects.requireNonNull(given.indices());
            values = Objects.requireNonNull(given.values());
        } else {
            dense = Objects.requireNonNull(given.dense());
        }
    }

    boolean isSparse() {
        return sparse;
    }

    int width() {
        return width;
    }

    float[] dense() {
        return dense;
    }

    int[] rowStarts() {
        return rowStarts;
    }

    int[] indices() {
        return indices;
    }

    float[] values() {
        return values;
    }

    float[] labels() {
        return labels;
    }

    float @Nullable [] weights() {
        return weights;
    }

    /** Room for so many entries, and an eighth more for a batch that has some more. */
    void ensureEntries(int nnz) {
        if (indices.length < nnz || values.length < nnz) {
            int room = (int) Math.min(Integer.MAX_VALUE - 8L, nnz + nnz / 8L);
            indices = new int[room];
            values = new float[room];
        }
    }

    /** The batch of the first {@code rows} rows; the arrays are its own from here on. */
    Batch batch(int rows) {
        Batch given = spare;
        spare = null;
        if (given != null
                && given.rows() == rows
                && given.width() == width
                && (!sparse || given.indices() == indices)) {
            return given;
        }
        return sparse
                ? Batch.sparse(rows, width, rowStarts, indices, values, labels, weights)
                : Batch.dense(rows, width, dense, labels, weights);
    }
}
