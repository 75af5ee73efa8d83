package dev.sampo.model.feature;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sampo.model.feature.FeatureUnits.Unit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One fitted feature of a pipeline, as its JSON document shows it.
 *
 * @param columns the raw columns it reads; one, or several of a cross
 * @param kind the transform
 * @param log1p numeric: whether log(1 + x) comes first
 * @param impute numeric: the value, after log1p, that stands in for a missing one
 * @param indicator numeric: whether a 0/1 feature for missing follows
 * @param shift numeric: the feature is (x - shift) * scale
 * @param scale numeric: see shift
 * @param shifts vector: the same elementwise; null if nothing is subtracted
 * @param scales vector: elementwise factors; null if {@code scale} holds for all
 * @param values oneHot, cross: the values with a feature of their own; all others share the last one
 * @param bounds quantileBuckets: bucket i holds values up to bounds[i]
 * @param buckets hash, hashed cross: number of features
 * @param width number of features
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record FittedFeature(
        List<String> columns,
        String kind,
        boolean log1p,
        @Nullable Double impute,
        boolean indicator,
        @Nullable Double shift,
        @Nullable Double scale,
        @Nullable List<Double> shifts,
        @Nullable List<Double> scales,
        @Nullable List<String> values,
        @Nullable List<Double> bounds,
        @Nullable Integer buckets,
        boolean vector,
        int width) {
    /** A numeric feature; the statistics stay as they are. */
    static FittedFeature number(Unit unit, ColumnStatistics statistics) {
        FeatureSpec spec = unit.spec();
        Double impute = imputed(spec, statistics);
        // Imputed values are part of what the model sees, so of the mean and deviation too.
        Moments seen =
                impute == null ? statistics.moments : statistics.moments.withRepeated(impute, statistics.missing);
        int extra = spec.hasIndicator() ? 1 : 0;
        if (spec.kind().equals("quantileBuckets")) {
            List<Double> bounds = bounds(statistics, spec.buckets() == null ? 2 : spec.buckets());
            return new FittedFeature(
                    unit.columns(),
                    spec.kind(),
                    spec.log1p(),
                    impute,
                    spec.hasIndicator(),
                    null,
                    null,
                    null,
                    null,
                    null,
                    bounds,
                    null,
                    false,
                    bounds.size() + 1 + extra);
        }
        double[] line = line(spec, seen);
        return new FittedFeature(
                unit.columns(),
                spec.kind(),
                spec.log1p(),
                impute,
                spec.hasIndicator(),
                line[0],
                line[1],
                null,
                null,
                null,
                null,
                null,
                false,
                1 + extra);
    }

    private static @Nullable Double imputed(FeatureSpec spec, ColumnStatistics statistics) {
        ImputeSpec impute = spec.impute();
        if (impute == null) {
            return null;
        }
        return switch (impute.method()) {
            case "mean" -> statistics.moments.mean;
            case "median" -> statistics.quantile(0.5);
            default -> {
                double constant = impute.constant() == null ? 0 : impute.constant();
                yield spec.log1p() ? StrictMath.log1p(constant) : constant;
            }
        };
    }

    private static List<Double> bounds(ColumnStatistics statistics, int buckets) {
        TreeSet<Double> bounds = new TreeSet<>();
        for (int i = 1; i < buckets; i++) {
            bounds.add(statistics.quantile((double) i / buckets));
        }
        return new ArrayList<>(bounds);
    }

    /** [shift, scale]; a constant column becomes 0, and so does one whose range is too small to divide by. */
    private static double[] line(FeatureSpec spec, Moments s) {
        return switch (spec.kind()) {
            case "standardize" -> new double[] {s.mean, inverseOrZero(s.deviation())};
            case "minMax" -> new double[] {s.count == 0 ? 0 : s.min, s.count == 0 ? 0 : inverseOrZero(s.max - s.min)};
            case "scale" -> new double[] {0, 1 / (spec.divideBy() == null ? 1 : spec.divideBy())};
            default -> new double[] {0, 1};
        };
    }

    private static double inverseOrZero(double x) {
        double inverse = 1 / x;
        return Double.isFinite(inverse) ? inverse : 0;
    }

    /** A categorical feature, of the values that are frequent enough or of hash buckets. */
    static FittedFeature category(Unit unit, TreeMap<String, Long> counts) {
        FeatureSpec spec = unit.spec();
        List<String> values = null;
        int width;
        if (spec.buckets() != null) {
            width = spec.buckets();
        } else {
            values = counts.entrySet().stream()
                    .filter(each -> each.getValue() >= spec.minCountOrDefault())
                    .map(Map.Entry::getKey)
                    .toList();
            width = values.size() + 1;
        }
        return new FittedFeature(
                unit.columns(),
                spec.kind(),
                false,
                null,
                false,
                null,
                null,
                null,
                null,
                values,
                null,
                spec.buckets(),
                false,
                width);
    }

    /**
     * The vector feature; the statistics stay as they are.
     *
     * @param elements [width], or none if the transform needs none
     */
    static FittedFeature vector(Unit unit, int width, Moments[] elements, long rows) {
        FeatureSpec spec = unit.spec();
        List<Double> shifts = null;
        List<Double> scales = null;
        Double scale = null;
        if (elements.length == 0) {
            scale = line(spec, new Moments())[1];
        } else {
            shifts = new ArrayList<>(width);
            scales = new ArrayList<>(width);
            for (Moments each : elements) {
                // A sparse vector's absent entries are zeros.
                double[] line = line(spec, each.withRepeated(0, rows - each.count));
                shifts.add(line[0]);
                scales.add(line[1]);
            }
        }
        return new FittedFeature(
                unit.columns(),
                spec.kind(),
                false,
                null,
                false,
                null,
                scale,
                shifts,
                scales,
                null,
                null,
                null,
                true,
                width);
    }

    /** The position of each value [values.size()] by the columns' cells; null if the feature has no values. */
    @Nullable Categories positions() {
        if (values == null) {
            return null;
        }
        Categories positions = new Categories(columns.size());
        int[] every = IntStream.range(0, columns.size()).toArray();
        for (int i = 0; i < values.size(); i++) {
            positions.add(CategoryKey.parse(values.get(i), columns.size()), every, i);
        }
        return positions;
    }

    /** Names of the features it gives, such as {@code workclass=Private}. */
    List<String> names() {
        String base = String.join(CategoryKey.AND, columns);
        List<String> names = new ArrayList<>();
        if (vector) {
            for (int i = 0; i < width; i++) {
                names.add(base + "[" + i + "]");
            }
        } else if (values != null) {
            values.forEach(value -> names.add(base + "=" + value));
            names.add(base + "=" + CategoryKey.OTHER);
        } else if (buckets != null) {
            for (int i = 0; i < buckets; i++) {
                names.add(base + "#" + i);
            }
        } else if (bounds != null) {
            for (double bound : bounds) {
                names.add(base + "<=" + bound);
            }
            names.add(base + ">");
        } else {
            names.add(log1p ? "log1p(" + base + ")" : base);
        }
        if (indicator) {
            names.add(base + "?");
        }
        return names;
    }
}
