package dev.sampo.model.data;

import org.jspecify.annotations.Nullable;

/**
 * A raw record as its reader holds it: scalar cells and at most one vector. What a reader gives may be good only until it
 * reads on; {@link Row} is the one to keep.
 */
public interface RawRow {
    /** Number of scalar cells. */
    int size();

    boolean isMissing(int cell);

    /** A cell's text; null marks a missing value. */
    @Nullable String text(int cell);

    /**
     * A cell's number by the rules of {@link Decimals}; may be infinite or NaN.
     *
     * @throws NumberFormatException if it is none or missing
     */
    double number(int cell);

    /** The vector field's value; null if the schema has none. */
    Row.@Nullable Vector vector();
}
