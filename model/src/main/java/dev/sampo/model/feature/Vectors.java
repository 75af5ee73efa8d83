package dev.sampo.model.feature;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import org.jspecify.annotations.Nullable;

/** Vector cells of raw rows. */
final class Vectors {
    private Vectors() {}

    /** The vector, if it is one of the field's width with finite values; an error that names the field otherwise. */
    static Row.Vector check(Row.@Nullable Vector vector, Schema.VectorField field) throws BadRecordException {
        if (vector == null) {
            throw new BadRecordException("column " + field.name() + ": the vector is missing");
        }
        float[] values = vector.values();
        int[] indices = vector.indices();
        if (indices == null && values.length != field.width()) {
            throw new BadRecordException("column " + field.name() + ": expected a vector of width " + field.width()
                    + ", got " + values.length + " values");
        }
        if (indices != null) {
            checkIndices(indices, values.length, field);
        }
        for (float each : values) {
            Numbers.finite(field.name(), each);
        }
        return vector;
    }

    private static void checkIndices(int[] indices, int values, Schema.VectorField field) throws BadRecordException {
        if (indices.length != values) {
            throw new BadRecordException(
                    "column " + field.name() + ": " + indices.length + " indices for " + values + " values");
        }
        int last = -1;
        for (int index : indices) {
            if (index <= last) {
                throw new BadRecordException("column " + field.name() + ": feature " + index
                        + " (0-based) follows feature " + last + "; they must ascend from 0");
            }
            last = index;
        }
        if (last >= field.width()) {
            throw new BadRecordException("column " + field.name() + ": feature " + last
                    + " (0-based) in a space of width " + field.width()
                    + "; set data.format.features to the number there are");
        }
    }
}
