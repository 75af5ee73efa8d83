package dev.sampo.model.data;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Gathers the rows of a {@link Selection} into arrays that it keeps and writes again for the next one. Not thread-safe. */
public final class BatchBuffer {
    private float[] dense = new float[0];
    private int[] rowStarts = new int[0];
    private int[] indices = new int[0];
    private float[] values = new float[0];
    private float[] labels = new float[0];
    private float[] weights = new float[0];

    /** The selected rows side by side; good until the next call. */
    public Batch gather(Selection from) {
        if (from.isWhole()) {
            return from.chunk(0);
        }
        int rows = from.rows();
        int width = from.width();
        float[] given = targets(from);
        if (from.isSparse()) {
            entries(from);
            return Batch.sparse(rows, width, rowStarts, indices, values, labels, given);
        }
        int length = Math.multiplyExact(rows, width);
        dense = dense.length < length ? new float[length] : dense;
        for (int i = 0; i < rows; i++) {
            float[] source = Objects.requireNonNull(from.chunk(i).dense());
            System.arraycopy(source, from.row(i) * width, dense, i * width, width);
        }
        return Batch.dense(rows, width, dense, labels, given);
    }

    /** Fills the labels; gives the weights, if there are any. */
    private float @Nullable [] targets(Selection from) {
        int rows = from.rows();
        if (labels.length < rows) {
            labels = new float[rows];
            weights = new float[rows];
        }
        for (int i = 0; i < rows; i++) {
            labels[i] = from.label(i);
            weights[i] = from.weight(i);
        }
        return rows > 0 && from.chunk(0).weights() != null ? weights : null;
    }

    private void entries(Selection from) {
        int rows = from.rows();
        rowStarts = rowStarts.length <= rows ? new int[rows + 1] : rowStarts;
        for (int i = 0; i < rows; i++) {
            int[] source = Objects.requireNonNull(from.chunk(i).rowStarts());
            rowStarts[i + 1] = Math.addExact(rowStarts[i], source[from.row(i) + 1] - source[from.row(i)]);
        }
        int nnz = rowStarts[rows];
        if (indices.length < nnz) {
            // An eighth more, for a batch that has some more.
            int room = (int) Math.min(Integer.MAX_VALUE - 8L, nnz + nnz / 8L);
            indices = new int[room];
            values = new float[room];
        }
        for (int i = 0; i < rows; i++) {
            Batch chunk = from.chunk(i);
            int at = Objects.requireNonNull(chunk.rowStarts())[from.row(i)];
            int length = rowStarts[i + 1] - rowStarts[i];
            System.arraycopy(Objects.requireNonNull(chunk.indices()), at, indices, rowStarts[i], length);
            System.arraycopy(Objects.requireNonNull(chunk.values()), at, values, rowStarts[i], length);
        }
    }
}
