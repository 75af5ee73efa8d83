package dev.sampo.model.feature;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;

/** The vector of raw rows, as fit and apply check it. */
record VectorColumn(String name, int width) {
    /** The row's vector: of this width, indices strictly ascending, every value finite. */
    Row.Vector read(Row row) throws BadRecordException {
        Row.Vector vector = row.vector();
        if (vector == null) {
            throw new BadRecordException("column " + name + ": the vector is missing");
        }
        float[] values = vector.values();
        int[] indices = vector.indices();
        if (indices != null) {
            checkIndices(indices, values.length);
        } else if (values.length != width) {
            throw new BadRecordException(
                    "column " + name + ": expected a vector of width " + width + ", got " + values.length);
        }
        for (float each : values) {
            if (!Float.isFinite(each)) {
                throw new BadRecordException("column " + name + ": " + each + " is not a finite number");
            }
        }
        return vector;
    }

    private void checkIndices(int[] indices, int values) throws BadRecordException {
        if (indices.length != values) {
            throw new BadRecordException(
                    "column " + name + ": " + indices.length + " indices for " + values + " values");
        }
        int before = -1;
        for (int each : indices) {
            if (each <= before) {
                throw new BadRecordException("column " + name + ": indices must ascend from 0, " + each
                        + (before < 0 ? " is below" : " comes after " + before));
            }
            before = each;
        }
        if (before >= width) {
            throw new BadRecordException("column " + name + ": expected a vector of width " + width + ", got feature "
                    + before + " (0-based); set data.format.features to the number there are");
        }
    }
}
