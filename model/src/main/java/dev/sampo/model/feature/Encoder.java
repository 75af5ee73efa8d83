package dev.sampo.model.feature;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.RawRow;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A {@link FittedFeature} made ready to be applied to many rows: primitives and lookups. Immutable. */
sealed interface Encoder {
    /** Takes a row's features in ascending order. */
    interface Sink {
        void put(int feature, double value);
    }

    /**
     * Writes the features of one row.
     *
     * @param cells positions of the columns in the row
     * @param at number of the first feature
     */
    void write(RawRow row, int[] cells, int at, Sink sink) throws BadRecordException;

    /** The encoder of a fitted feature. */
    static Encoder of(FittedFeature feature) {
        if (feature.vector()) {
            return new OfVector(
                    new Schema.VectorField(feature.columns().get(0), feature.width()),
                    array(feature.shifts()),
                    array(feature.scales()),
                    feature.scale() == null ? 1 : feature.scale());
        }
        if (feature.values() != null) {
            return OfCategory.of(feature.values());
        }
        if (feature.buckets() != null) {
            return new OfHash(Numbers.hash(Numbers.HASH_START, feature.columns() + "="), feature.buckets());
        }
        double[] bounds = array(feature.bounds());
        return new OfNumber(
                feature.columns().get(0),
                feature.log1p(),
                feature.impute() == null ? Double.NaN : feature.impute(),
                feature.indicator() ? feature.width() - 1 : -1,
                bounds,
                feature.shift() == null ? 0 : feature.shift(),
                feature.scale() == null ? 1 : feature.scale());
    }

    private static double @Nullable [] array(@Nullable List<Double> values) {
        return values == null
                ? null
                : values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** A number, or the bucket it falls into. {@code impute} is NaN if a missing value is a fault. */
    @SuppressWarnings("ArrayRecordComponent")
    record OfNumber(
            String column,
            boolean log1p,
            double impute,
            int indicator,
            double @Nullable [] bounds,
            double shift,
            double scale)
            implements Encoder {
        @Override
        public void write(RawRow row, int[] cells, int at, Sink sink) throws BadRecordException {
            boolean missing = !Double.isNaN(impute) && row.isMissing(cells[0]);
            double x = missing ? impute : FittedFeature.log1pIf(log1p, column, Numbers.of(column, row, cells[0]));
            if (bounds == null) {
                sink.put(at, Numbers.finite(column, (x - shift) * scale));
            } else {
                sink.put(at + bucket(bounds, x), 1);
            }
            if (indicator >= 0 && missing) {
                sink.put(at + indicator, 1);
            }
        }

        /** The first bucket whose bound is not below x. */
        private static int bucket(double[] bounds, double x) {
            int low = 0;
            int high = bounds.length;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (x > bounds[middle]) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low;
        }
    }

    /** A category that has a feature of its own, or the last feature. */
    record OfCategory(Map<String, Integer> features, int other) implements Encoder {
        static OfCategory of(List<String> values) {
            Map<String, Integer> features = new HashMap<>();
            for (int i = 0; i < values.size(); i++) {
                features.put(values.get(i), i);
            }
            return new OfCategory(features, values.size());
        }

        @Override
        public void write(RawRow row, int[] cells, int at, Sink sink) {
            Integer own = features.get(FittedFeature.key(cells, row));
            sink.put(at + (own == null ? other : own), 1);
        }
    }

    /** A category's bucket; {@code prefix} is the hash of the columns, before its own text. */
    record OfHash(long prefix, int buckets) implements Encoder {
        @Override
        public void write(RawRow row, int[] cells, int at, Sink sink) {
            sink.put(at + Numbers.bucket(Numbers.hash(prefix, FittedFeature.key(cells, row)), buckets), 1);
        }
    }

    /** A vector elementwise. Without shifts, what a sparse vector does not hold stays zero. */
    @SuppressWarnings("ArrayRecordComponent")
    record OfVector(Schema.VectorField field, double @Nullable [] shifts, double @Nullable [] scales, double scale)
            implements Encoder {
        @Override
        public void write(RawRow row, int[] cells, int at, Sink sink) throws BadRecordException {
            Row.Vector vector = Vectors.check(row.vector(), field);
            float[] values = vector.values();
            int[] indices = vector.indices();
            if (shifts == null) {
                for (int j = 0; j < values.length; j++) {
                    sink.put(at + (indices == null ? j : indices[j]), Numbers.finite(field.name(), values[j] * scale));
                }
                return;
            }
            double[] factors = Objects.requireNonNull(scales);
            int entry = 0;
            for (int j = 0; j < shifts.length; j++) {
                double x = 0;
                if (indices == null) {
                    x = values[j];
                } else if (entry < indices.length && indices[entry] == j) {
                    x = values[entry++];
                }
                sink.put(at + j, Numbers.finite(field.name(), (x - shifts[j]) * factors[j]));
            }
        }
    }
}
