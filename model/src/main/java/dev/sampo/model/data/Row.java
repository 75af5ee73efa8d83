package dev.sampo.model.data;

import org.jspecify.annotations.Nullable;

/**
 * One raw record, not yet through the feature pipeline.
 *
 * @param cells [columns of the schema]; null marks a missing value. Numbers stay text until a feature needs them.
 * @param vector the vector field's value; null if the schema has none
 */
@SuppressWarnings("ArrayRecordComponent")
public record Row(@Nullable String[] cells, @Nullable Vector vector) implements RawRow {
    /**
     * A vector value: dense if {@code indices} is null, then {@code values} is [width]; otherwise sparse with
     * ascending 0-based {@code indices} [nnz] and {@code values} [nnz].
     */
    public record Vector(int @Nullable [] indices, float[] values) {}

    @Override
    public int size() {
        return cells.length;
    }

    @Override
    public boolean isMissing(int cell) {
        return cells[cell] == null;
    }

    @Override
    public @Nullable String text(int cell) {
        return cells[cell];
    }

    @Override
    public double number(int cell) {
        String text = cells[cell];
        if (text == null) {
            throw new NumberFormatException("missing");
        }
        return Decimals.parse(text);
    }
}
