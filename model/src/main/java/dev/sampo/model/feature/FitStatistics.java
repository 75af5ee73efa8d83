package dev.sampo.model.feature;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import dev.sampo.model.data.Target;
import dev.sampo.model.feature.FeatureUnits.Unit;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one pass over the rows must gather to fit the feature pipeline. Mergeable; the same merges in the same order give the
 * same bits. Its memory is bounded by the features, not the rows: columns of too many different values are refused. Not
 * thread-safe.
 */
public final class FitStatistics {
    private static final int MAGIC = 0x53465331; // "SFS1"
    private final boolean everyColumn;
    private final LabelSpec labelSpec;
    private final @Nullable String weightColumn;
    private final ColumnIndex columns;
    private final UnitStatistics[] units;
    private final LabelStatistics label;
    private final @Nullable SampleWeight weight;
    private long rows;

    private FitStatistics(
            @Nullable List<FeatureSpec> features, LabelSpec label, @Nullable String weightColumn, Schema schema)
            throws BadRecordException {
        everyColumn = features == null || features.isEmpty();
        labelSpec = label;
        this.weightColumn = weightColumn;
        columns = new ColumnIndex(schema);
        List<Unit> resolved = FeatureUnits.resolve(features, label, weightColumn, schema);
        units = new UnitStatistics[resolved.size()];
        for (int i = 0; i < units.length; i++) {
            Unit unit = resolved.get(i);
            if (unit.vector()) {
                units[i] = new VectorStatistics(unit, columns.vectorWidth(unit.column()));
            } else if (unit.spec().numeric()) {
                units[i] = new NumberStatistics(unit, columns.of(unit.column()));
            } else {
                units[i] = new CategoryStatistics(unit, columns.of(unit.columns()));
            }
        }
        this.label = new LabelStatistics(label, columns.of(label.columnOrDefault()));
        weight = weightColumn == null ? null : new SampleWeight(weightColumn, columns.of(weightColumn));
    }

    /** Statistics of no rows; {@link IllegalArgumentException} names a column that the schema does not have. */
    public static FitStatistics empty(
            @Nullable List<FeatureSpec> features, LabelSpec label, @Nullable String weightColumn, Schema schema) {
        try {
            return new FitStatistics(features, label, weightColumn, schema);
        } catch (BadRecordException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /** Refuses a row that can't be trained on or evaluated; nothing is counted. */
    public void check(Row row) throws BadRecordException {
        columns.checkCells(row);
        for (UnitStatistics each : units) {
            each.read(row);
        }
        label.read(row);
        if (weight != null) {
            weight.read(row);
        }
    }

    /** Adds a row, or refuses it whole and stays as it was. */
    public void add(Row row) throws BadRecordException {
        check(row);
        label.ensureRoom();
        for (UnitStatistics each : units) {
            each.ensureRoom(row);
        }
        rows++;
        label.count();
        for (UnitStatistics each : units) {
            each.count(row);
        }
    }

    /**
     * Adds what later rows gave; {@link IllegalArgumentException}, and this stays as it was, if together they have too many
     * different values.
     */
    public void merge(FitStatistics later) {
        label.ensureRoom(later.label);
        for (int i = 0; i < units.length; i++) {
            units[i].ensureRoom(later.units[i]);
        }
        rows += later.rows;
        label.merge(later.label);
        for (int i = 0; i < units.length; i++) {
            units[i].merge(later.units[i]);
        }
    }

    /** Fits the pipeline; this stays as it is. {@link IllegalArgumentException} says what the data does not allow. */
    public FeaturePipeline fit() {
        Target target = label.target();
        List<FittedFeature> fitted = new ArrayList<>();
        double nonZeros = 0;
        for (UnitStatistics each : units) {
            FittedFeature one = each.fit(rows);
            fitted.add(one);
            nonZeros += each.nonZeros(one, rows);
        }
        boolean sparse = nonZeros < FeaturePipeline.width(fitted) / 4.0;
        return new FeaturePipeline(fitted, target, labelSpec, weightColumn, everyColumn, sparse);
    }

    /** Everything gathered, for {@link #fromBytes}. */
    public byte[] toBytes() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(MAGIC);
            out.writeInt(units.length);
            out.writeLong(rows);
            for (UnitStatistics each : units) {
                each.write(out);
            }
            label.write(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /**
     * Reads what {@link #toBytes} of statistics of the same specs wrote; {@link IllegalArgumentException} if it is anything
     * else, however it was damaged.
     */
    public static FitStatistics fromBytes(
            @Nullable List<FeatureSpec> features,
            LabelSpec label,
            @Nullable String weightColumn,
            Schema schema,
            byte[] bytes) {
        FitStatistics read = empty(features, label, weightColumn, schema);
        StatisticsReader in = new StatisticsReader(bytes);
        in.require(in.integer() == MAGIC, "not feature statistics of this version");
        int units = in.integer();
        in.require(units == read.units.length, units + " features for " + read.units.length);
        read.rows = in.count(1L << 48);
        for (UnitStatistics each : read.units) {
            each.readFrom(in, read.rows);
        }
        read.label.readFrom(in, read.rows);
        in.end();
        return read;
    }
}
