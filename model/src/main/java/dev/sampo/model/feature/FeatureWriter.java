package dev.sampo.model.feature;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Computes one fitted feature of raw rows; its columns are found, its numbers unboxed once, so that a row costs no allocation.
 * Immutable, thread-safe.
 */
interface FeatureWriter {
    void write(Row row, FeatureSink sink) throws BadRecordException;

    /**
     * The writer of a feature.
     *
     * @param at the first of its places in the batch
     */
    static FeatureWriter of(FittedFeature feature, int at, ColumnIndex columns, @Nullable Categories positions)
            throws BadRecordException {
        if (feature.vector()) {
            return new VectorWriter(feature, at, columns);
        }
        if (positions != null) {
            return new Lookup(positions, columns.of(feature.columns()), at, feature.width() - 1);
        }
        if (feature.buckets() != null) {
            long start = Numbers.hash(Numbers.HASH_START, feature.columns() + "=");
            return new Hash(start, columns.of(feature.columns()), at, feature.buckets());
        }
        String name = feature.columns().get(0);
        Double impute = feature.impute();
        NumberColumn column = new NumberColumn(name, columns.of(name), feature.log1p(), impute != null);
        double stand = impute == null ? Double.NaN : impute;
        int indicator = feature.indicator() ? at + feature.width() - 1 : -1;
        if (feature.bounds() != null) {
            return new Bucket(column, stand, indicator, at, unboxed(feature.bounds()));
        }
        return new Line(column, stand, indicator, at, orElse(feature.shift(), 0), orElse(feature.scale(), 1));
    }

    private static double orElse(@Nullable Double value, double otherwise) {
        return value == null ? otherwise : value;
    }

    static double[] unboxed(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** 1 at the place of the category, or at the last if it has none. */
    record Lookup(Categories positions, int[] columns, int at, int other) implements FeatureWriter {
        @Override
        public void write(Row row, FeatureSink sink) {
            int position = (int) positions.get(row.cells(), columns);
            sink.put(at + (position < 0 ? other : position), 1);
        }
    }

    /** 1 at the bucket of the hashed {@link CategoryKey}. */
    record Hash(long start, int[] columns, int at, int buckets) implements FeatureWriter {
        @Override
        public void write(Row row, FeatureSink sink) {
            boolean cross = columns.length > 1;
            long hash = start;
            for (int i = 0; i < columns.length; i++) {
                hash = i == 0 ? hash : Numbers.hash(hash, CategoryKey.AND);
                hash = Numbers.hash(hash, CategoryKey.escape(row.cells()[columns[i]], cross));
            }
            sink.put(at + Numbers.bucket(hash, buckets), 1);
        }
    }

    /** 1 at the first bucket whose bound is not below the number. */
    record Bucket(NumberColumn column, double impute, int indicator, int at, double[] bounds) implements FeatureWriter {
        @Override
        public void write(Row row, FeatureSink sink) throws BadRecordException {
            double x = column.read(row);
            boolean missing = Double.isNaN(x);
            int bucket = 0;
            while (bucket < bounds.length && (missing ? impute : x) > bounds[bucket]) {
                bucket++;
            }
            sink.put(at + bucket, 1);
            if (missing && indicator >= 0) {
                sink.put(indicator, 1);
            }
        }
    }

    /** (x - shift) * scale. */
    record Line(NumberColumn column, double impute, int indicator, int at, double shift, double scale)
            implements FeatureWriter {
        @Override
        public void write(Row row, FeatureSink sink) throws BadRecordException {
            double x = column.read(row);
            boolean missing = Double.isNaN(x);
            sink.put(at, Numbers.toFloat(column.name(), ((missing ? impute : x) - shift) * scale));
            if (missing && indicator >= 0) {
                sink.put(indicator, 1);
            }
        }
    }
}
