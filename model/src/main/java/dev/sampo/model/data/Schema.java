package dev.sampo.model.data;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a raw row of a source holds: named scalar cells, and at most one vector.
 *
 * @param columns names of the scalar cells in order; unique
 * @param vector the vector field, or null
 */
public record Schema(List<String> columns, @Nullable VectorField vector) {
    /** A vector cell, such as an image's pixels or a LIBSVM line's features. {@code width} is its length. */
    public record VectorField(String name, int width) {}

    public Schema {
        columns = List.copyOf(columns);
    }

    /** The position of a scalar column, or -1. */
    public int indexOf(String column) {
        return columns.indexOf(column);
    }
}
