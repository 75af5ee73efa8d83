package dev.sampo.model.feature;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;

/** The weight cell of raw rows, as fit and apply read it. */
record SampleWeight(String name, int index) {
    double read(Row row) throws BadRecordException {
        double value = Numbers.parse(name, row.cells()[index]);
        if (value < 0) {
            throw new BadRecordException("column " + name + ": a weight must be ≥ 0, was " + value);
        }
        return value;
    }
}
