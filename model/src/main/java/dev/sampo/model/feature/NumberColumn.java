package dev.sampo.model.feature;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;

/**
 * A numeric cell of raw rows, as fit and apply read it.
 *
 * @param index where it stands in a row
 * @param log1p whether log(1 + x) comes first
 * @param imputed whether something stands in for a missing value; otherwise it is refused
 */
record NumberColumn(String name, int index, boolean log1p, boolean imputed) {
    /** The number after log1p; NaN if it is missing and to be imputed. */
    double read(Row row) throws BadRecordException {
        String cell = row.cells()[index];
        if (cell == null && imputed) {
            return Double.NaN;
        }
        double value = Numbers.parse(name, cell);
        if (!log1p) {
            return value;
        }
        if (value <= -1) {
            throw new BadRecordException("column " + name + ": log1p needs values above -1, was " + value);
        }
        return StrictMath.log1p(value);
    }
}
