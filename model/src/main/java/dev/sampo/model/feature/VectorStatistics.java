package dev.sampo.model.feature;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;
import dev.sampo.model.feature.FeatureUnits.Unit;
import java.io.DataOutput;
import java.io.IOException;

/** Statistics of the vector: entries a row has, and moments of each element where the transform needs them. */
final class VectorStatistics implements UnitStatistics {
    private final Unit unit;
    private final VectorColumn column;
    private final Moments[] elements;
    private long entries;

    VectorStatistics(Unit unit, int width) {
        this.unit = unit;
        column = new VectorColumn(unit.column(), width);
        String kind = unit.spec().kind();
        elements = new Moments[kind.equals("standardize") || kind.equals("minMax") ? width : 0];
        for (int i = 0; i < elements.length; i++) {
            elements[i] = new Moments();
        }
    }

    @Override
    public void read(Row row) throws BadRecordException {
        column.read(row);
    }

    @Override
    public void count(Row row) {
        Row.Vector vector = row.vector();
        if (vector == null) {
            throw new IllegalStateException("a row is read before it is counted");
        }
        float[] values = vector.values();
        int[] indices = vector.indices();
        entries += values.length;
        for (int j = 0; elements.length > 0 && j < values.length; j++) {
            elements[indices == null ? j : indices[j]].add(values[j]);
        }
    }

    @Override
    public void merge(UnitStatistics later) {
        VectorStatistics theirs = (VectorStatistics) later;
        entries += theirs.entries;
        for (int i = 0; i < elements.length; i++) {
            elements[i].merge(theirs.elements[i]);
        }
    }

    @Override
    public FittedFeature fit(long rows) {
        return FittedFeature.vector(unit, column.width(), elements, rows);
    }

    @Override
    public double nonZeros(FittedFeature fitted, long rows) {
        return fitted.shifts() == null ? (double) entries / Math.max(1, rows) : fitted.width();
    }

    @Override
    public void write(DataOutput out) throws IOException {
        out.writeLong(entries);
        for (Moments each : elements) {
            each.write(out);
        }
    }

    @Override
    public void readFrom(StatisticsReader in, long rows) {
        double most = (double) rows * column.width();
        entries = in.count(most < Long.MAX_VALUE ? (long) most : Long.MAX_VALUE);
        long counted = 0;
        for (int i = 0; i < elements.length; i++) {
            elements[i] = Moments.read(in, rows);
            counted += elements[i].count;
        }
        in.require(elements.length == 0 || counted == entries, entries + " entries with " + counted + " values");
    }
}
