package dev.sampo.model.feature;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Short ways to specs, rows and statistics for the tests of this package. */
final class Fitting {
    static final LabelSpec NUMERIC = label("numeric");

    private Fitting() {}

    static LabelSpec label(String type) {
        return new LabelSpec("y", type, null, null, null);
    }

    /** A feature of one column. */
    static FeatureSpec feature(String column, String... transform) {
        return new FeatureSpec(List.of(column), List.of(transform), null, null, null, null, null);
    }

    static FeatureSpec imputed(String column, String transform, ImputeSpec impute, boolean indicator) {
        return new FeatureSpec(List.of(column), List.of(transform), impute, indicator, null, null, null);
    }

    static FeatureSpec oneHot(String column, int minCount) {
        return new FeatureSpec(List.of(column), List.of("oneHot"), null, null, null, minCount, null);
    }

    static FeatureSpec bucketed(String transform, int buckets, String... columns) {
        return new FeatureSpec(List.of(columns), List.of(transform), null, null, null, null, buckets);
    }

    static FeatureSpec cross(String... columns) {
        return new FeatureSpec(List.of(columns), List.of("cross"), null, null, null, null, null);
    }

    static Schema schema(String... columns) {
        return new Schema(List.of(columns), null);
    }

    static Schema vectors(int width) {
        return new Schema(List.of("y"), new Schema.VectorField("v", width));
    }

    static Row row(@Nullable String... cells) {
        return new Row(cells, null);
    }

    static Row dense(String y, float... values) {
        return new Row(new String[] {y}, new Row.Vector(null, values));
    }

    static Row sparse(String y, int[] indices, float... values) {
        return new Row(new String[] {y}, new Row.Vector(indices, values));
    }

    /** One numeric column {@code x} and the label 0. */
    static List<Row> column(@Nullable String... cells) {
        List<Row> rows = new ArrayList<>();
        for (String each : cells) {
            rows.add(row(each, "0"));
        }
        return rows;
    }

    static FitStatistics statistics(List<FeatureSpec> features, LabelSpec label, Schema schema, List<Row> rows)
            throws BadRecordException {
        FitStatistics statistics = FitStatistics.empty(features, label, null, schema);
        for (Row each : rows) {
            statistics.add(each);
        }
        return statistics;
    }

    /** Fits one feature on rows of {@code x, y}. */
    static FeaturePipeline fit(FeatureSpec feature, List<Row> rows) throws BadRecordException {
        return statistics(List.of(feature), NUMERIC, schema("x", "y"), rows).fit();
    }

    /** The features [width] of one row, whether the pipeline is dense or sparse. */
    static float[] features(FeaturePipeline pipeline, Schema schema, Row row) throws BadRecordException {
        var batch = pipeline.apply(schema, List.of(row), false);
        if (batch.dense() != null) {
            return batch.dense();
        }
        float[] features = new float[batch.width()];
        int[] indices = batch.indices();
        float[] values = batch.values();
        for (int i = 0; indices != null && values != null && i < indices.length; i++) {
            features[indices[i]] = values[i];
        }
        return features;
    }

    /** The features of a cell of {@code x}. */
    static float[] features(FeaturePipeline pipeline, @Nullable String cell) throws BadRecordException {
        return features(pipeline, schema("x", "y"), row(cell, null));
    }

    static byte[] with(byte[] bytes, int at, byte value) {
        byte[] changed = Arrays.copyOf(bytes, bytes.length);
        changed[at] = value;
        return changed;
    }
}
