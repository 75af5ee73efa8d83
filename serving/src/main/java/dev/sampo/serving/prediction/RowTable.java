package dev.sampo.serving.prediction;

import dev.sampo.cluster.wire.CborSerializable;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Raw rows with their columns, in the form that crosses nodes. The arrays are given up by who makes the table; nobody
 * writes to them again.
 *
 * @param columns names of the scalar cells
 * @param vectorName name of the vector column, or null if there is none
 * @param vectorWidth its length; 0 without one
 * @param cells [rows][columns]; null marks a missing value
 * @param indices [rows][nnz] of sparse vectors, a null row is dense; null if all are dense or there is no vector
 * @param values [rows][width or nnz] of the vector column; null if there is none
 */
@SuppressWarnings("ArrayRecordComponent")
public record RowTable(
        List<String> columns,
        @Nullable String vectorName,
        int vectorWidth,
        @Nullable String[][] cells,
        int @Nullable [] @Nullable [] indices,
        float @Nullable [][] values)
        implements CborSerializable {

    public RowTable {
        columns = List.copyOf(columns);
        for (int row = 0; row < cells.length; row++) {
            if (cells[row].length != columns.size()) {
                throw new IllegalArgumentException(
                        "row " + row + " must have " + columns.size() + " cells but has " + cells[row].length);
            }
        }
        if ((vectorName == null) != (values == null) || (values != null && values.length != cells.length)) {
            throw new IllegalArgumentException("a vector column needs one value for each of " + cells.length + " rows");
        }
        if (indices != null && indices.length != cells.length) {
            throw new IllegalArgumentException(
                    "indices must have " + cells.length + " rows but have " + indices.length);
        }
    }

    /** The table of some rows; they must all fit the schema. */
    public static RowTable of(Schema schema, List<Row> rows) {
        String[][] cells = new String[rows.size()][];
        float[][] values = schema.vector() == null ? null : new float[rows.size()][];
        int[][] indices = null;
        for (int i = 0; i < cells.length; i++) {
            Row row = rows.get(i);
            cells[i] = row.cells();
            Row.Vector vector = row.vector();
            if (values == null) {
                continue;
            }
            if (vector == null) {
                throw new IllegalArgumentException("row " + i + " has no vector, the schema has one");
            }
            values[i] = vector.values();
            if (vector.indices() != null) {
                indices = indices == null ? new int[cells.length][] : indices;
                indices[i] = vector.indices();
            }
        }
        Schema.VectorField field = schema.vector();
        return new RowTable(
                schema.columns(),
                field == null ? null : field.name(),
                field == null ? 0 : field.width(),
                cells,
                indices,
                values);
    }

    /** Number of rows. */
    public int count() {
        return cells.length;
    }

    public Schema schema() {
        return new Schema(columns, vectorName == null ? null : new Schema.VectorField(vectorName, vectorWidth));
    }

    /** The rows; they share the table's arrays. */
    public List<Row> rows() {
        List<Row> rows = new ArrayList<>(cells.length);
        for (int i = 0; i < cells.length; i++) {
            Row.Vector vector = values == null ? null : new Row.Vector(indices == null ? null : indices[i], values[i]);
            rows.add(new Row(cells[i], vector));
        }
        return rows;
    }

    /** Whether the rows of both tables can go through one forward pass. */
    boolean joins(RowTable other) {
        return schema().equals(other.schema());
    }

    /** Rows {@code from} (inclusive) to {@code to} (exclusive). */
    RowTable slice(int from, int to) {
        return new RowTable(
                columns,
                vectorName,
                vectorWidth,
                Arrays.copyOfRange(cells, from, to),
                indices == null ? null : Arrays.copyOfRange(indices, from, to),
                values == null ? null : Arrays.copyOfRange(values, from, to));
    }

    /** About how many bytes one row takes on the wire. */
    int sizeBytes(int row) {
        int size = 16;
        for (String cell : cells[row]) {
            size += cell == null ? 1 : 3 + 2 * cell.length();
        }
        if (values != null) {
            size += 5 * values[row].length;
        }
        if (indices != null && indices[row] != null) {
            size += 5 * indices[row].length;
        }
        return size;
    }
}
