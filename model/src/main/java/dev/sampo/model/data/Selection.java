package dev.sampo.model.data;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a mini-batch where they lie: rows of chunks that others read too, in an order of their own, without a copy.
 * Immutable by convention like the {@link Batch}es it is of. May have zero rows. Its arrays may be longer than {@code rows}, for
 * they are used again.
 *
 * @param rows number of rows
 * @param chunks what the rows are of; all alike in width, sparsity and whether they have weights
 * @param chunkOf [rows] number of each row's chunk; empty if the selection is all of the first chunk
 * @param rowOf [rows] each row's number in its chunk; empty if the selection is all of the first chunk
 */
@SuppressWarnings("ArrayRecordComponent")
public record Selection(int rows, @Nullable Batch[] chunks, int[] chunkOf, int[] rowOf) {
    private static final int[] NONE = new int[0];

    /** All rows of a batch, in its order. */
    public static Selection all(Batch batch) {
        return new Selection(batch.rows(), new Batch[] {batch}, NONE, NONE);
    }

    /** Whether it is all of one batch, which is then {@code chunk(0)}. */
    public boolean isWhole() {
        return chunkOf.length == 0;
    }

    /** The chunk that row {@code i} lies in. */
    public Batch chunk(int i) {
        return Objects.requireNonNull(chunks[isWhole() ? 0 : chunkOf[i]]);
    }

    /** The number of row {@code i} in its chunk. */
    public int row(int i) {
        return isWhole() ? i : rowOf[i];
    }

    public float label(int i) {
        return chunk(i).labels()[row(i)];
    }

    /** The sample weight of row {@code i}. */
    public float weight(int i) {
        float[] weights = chunk(i).weights();
        return weights == null ? 1f : weights[row(i)];
    }

    /** Number of features. */
    public int width() {
        return any().width();
    }

    public boolean isSparse() {
        return any().isSparse();
    }

    private Batch any() {
        return Objects.requireNonNull(chunks[0]);
    }
}
