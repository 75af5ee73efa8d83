package dev.sampo.model.feature;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Where the columns of a schema stand in its rows; {@link Schema#indexOf} searches. Immutable. */
final class ColumnIndex {
    private final Schema schema;
    private final Map<String, Integer> positions = new HashMap<>();

    ColumnIndex(Schema schema) {
        this.schema = schema;
        for (int i = 0; i < schema.columns().size(); i++) {
            positions.putIfAbsent(schema.columns().get(i), i);
        }
    }

    int of(String column) throws BadRecordException {
        Integer position = positions.get(column);
        if (position == null) {
            List<String> known = schema.columns();
            throw new BadRecordException("column " + column + ": missing; the rows have "
                    + String.join(", ", known.subList(0, Math.min(100, known.size()))));
        }
        return position;
    }

    int[] of(List<String> columns) throws BadRecordException {
        int[] positions = new int[columns.size()];
        for (int i = 0; i < positions.length; i++) {
            positions[i] = of(columns.get(i));
        }
        return positions;
    }

    /** The width of the vector of that name. */
    int vectorWidth(String name) throws BadRecordException {
        Schema.VectorField vector = schema.vector();
        if (vector == null || !vector.name().equals(name)) {
            throw new BadRecordException("column " + name + ": missing; the rows have "
                    + (vector == null ? "no vector" : "the vector " + vector.name()));
        }
        return vector.width();
    }

    void checkCells(Row row) throws BadRecordException {
        if (row.cells().length != schema.columns().size()) {
            throw new BadRecordException("a row of " + row.cells().length + " cells, expected "
                    + schema.columns().size());
        }
    }
}
