package dev.sampo.model.feature;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;
import dev.sampo.model.feature.FeatureUnits.Unit;
import java.io.DataOutput;
import java.io.IOException;

/** Statistics of a numeric unit. */
final class NumberStatistics implements UnitStatistics {
    private final Unit unit;
    private final NumberColumn column;
    private final boolean quantiles;
    private ColumnStatistics statistics;
    private double value;

    NumberStatistics(Unit unit, int index) {
        FeatureSpec spec = unit.spec();
        ImputeSpec impute = spec.impute();
        this.unit = unit;
        column = new NumberColumn(unit.column(), index, spec.log1p(), impute != null);
        quantiles = spec.kind().equals("quantileBuckets")
                || impute != null && impute.method().equals("median");
        statistics = new ColumnStatistics(quantiles);
    }

    @Override
    public void read(Row row) throws BadRecordException {
        value = column.read(row);
    }

    @Override
    public void count(Row row) {
        if (Double.isNaN(value)) {
            statistics.missing++;
        } else {
            statistics.add(value);
        }
    }

    @Override
    public void merge(UnitStatistics later) {
        statistics.merge(((NumberStatistics) later).statistics);
    }

    @Override
    public FittedFeature fit(long rows) {
        return FittedFeature.number(unit, statistics);
    }

    @Override
    public double nonZeros(FittedFeature fitted, long rows) {
        return fitted.indicator() ? 2 : 1;
    }

    @Override
    public void write(DataOutput out) throws IOException {
        statistics.write(out);
    }

    @Override
    public void readFrom(StatisticsReader in, long rows) {
        statistics = ColumnStatistics.read(in, quantiles, rows);
    }
}
