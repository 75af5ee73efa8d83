package dev.sampo.model.data;

import org.jspecify.annotations.Nullable;

/**
 * One raw record, not yet through the feature pipeline.
 *
 * @param cells [columns of the schema]; null marks a missing value. Numbers stay text until a feature needs them.
 * @param vector the vector field's value; null if the schema has none
 */
@SuppressWarnings("ArrayRecordComponent")
public record Row(@Nullable String[] cells, @Nullable Vector vector) {
    /**
     * A vector value: dense if {@code indices} is null, then {@code values} is [width]; otherwise sparse with
     * ascending 0-based {@code indices} [nnz] and {@code values} [nnz].
     */
    public record Vector(int @Nullable [] indices, float[] values) {}
}
