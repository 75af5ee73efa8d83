package dev.sampo.model.feature;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.RawRow;
import dev.sampo.model.data.Schema;
import dev.sampo.model.feature.FeatureUnits.Unit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
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
    static final String MISSING = "(missing)";
    private static final String OTHER = "(other)";
    private static final String AND = " & ";

    static FittedFeature scalar(Unit unit, ColumnStatistics gathered, TreeMap<String, Long> counts) {
        FeatureSpec spec = unit.spec();
        if (!spec.numeric()) {
            return categorical(unit, counts);
        }
        Double impute = imputed(spec, gathered);
        // Imputed values are part of what the model sees, so of the mean and deviation too.
        Moments seen = impute == null ? gathered.moments : gathered.moments.withRepeated(impute, gathered.missing);
        int extra = spec.hasIndicator() ? 1 : 0;
        if (spec.kind().equals("quantileBuckets")) {
            List<Double> bounds = bounds(gathered, spec.buckets() == null ? 2 : spec.buckets());
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
            case "minMax" -> s.count == 0 ? new double[] {0, 0} : new double[] {s.min, inverseOrZero(s.max - s.min)};
            case "scale" -> new double[] {0, 1 / (spec.divideBy() == null ? 1 : spec.divideBy())};
            default -> new double[] {0, 1};
        };
    }

    private static double inverseOrZero(double x) {
        double inverse = 1 / x;
        return Double.isFinite(inverse) ? inverse : 0;
    }

    private static FittedFeature categorical(Unit unit, TreeMap<String, Long> counts) {
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

    static FittedFeature vector(Unit unit, Schema schema, Moments[] statistics, long rows) {
        int width = java.util.Objects.requireNonNull(schema.vector()).width();
        FeatureSpec spec = unit.spec();
        List<Double> shifts = null;
        List<Double> scales = null;
        Double scale = null;
        if (statistics.length == 0) {
            scale = line(spec, new Moments())[1];
        } else {
            shifts = new ArrayList<>(width);
            scales = new ArrayList<>(width);
            for (Moments each : statistics) {
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

    /**
     * What a categorical feature looks up: the cell, or the cells of a cross. Different cells give different keys: a cell
     * that looks like the mark of a missing or any other one, or holds what joins a cross, is escaped with a backslash.
     */
    static String key(int[] cells, RawRow row) {
        if (cells.length == 1) {
            return plain(row.text(cells[0]));
        }
        StringBuilder key = new StringBuilder();
        for (int i = 0; i < cells.length; i++) {
            String part = plain(row.text(cells[i]));
            key.append(i == 0 ? "" : AND).append(part.indexOf('&') < 0 ? part : part.replace("&", "\\&"));
        }
        return key.toString();
    }

    private static String plain(@Nullable String cell) {
        if (cell == null) {
            return MISSING;
        }
        String escaped = cell.indexOf('\\') < 0 ? cell : cell.replace("\\", "\\\\");
        return escaped.equals(MISSING) || escaped.equals(OTHER) ? "\\" + escaped : escaped;
    }

    static double log1pIf(boolean log1p, String column, double value) throws BadRecordException {
        if (!log1p) {
            return value;
        }
        if (value <= -1) {
            throw new BadRecordException("column " + column + ": log1p needs values above -1, was " + value);
        }
        return StrictMath.log1p(value);
    }

    /** Refuses, by {@link IllegalArgumentException}, a feature that no fit gives. */
    void check() {
        require(
                columns != null && !columns.isEmpty() && kind != null && width >= 1,
                "needs columns, a kind and a width");
        require(columns.stream().allMatch(Objects::nonNull), "has a column without a name");
        require(impute == null ? !indicator : Double.isFinite(impute), "needs a finite impute, for its indicator too");
        if (vector) {
            boolean elementwise =
                    shifts != null && scales != null && areFinite(shifts, width) && areFinite(scales, width);
            boolean scaled = shifts == null && scales == null && isFinite(scale);
            require(elementwise || scaled, "needs " + width + " finite shifts and scales, or one scale");
        } else if (values != null) {
            require(values.stream().allMatch(Objects::nonNull), "has a value that is null");
            require(width == values.size() + 1, "must be one wider than its values");
        } else if (buckets != null) {
            require(width == buckets, "must be as wide as its buckets");
        } else if (bounds != null) {
            require(areFinite(bounds, bounds.size()), "has a bound that is not finite");
            require(width == bounds.size() + (indicator ? 2 : 1), "must be as wide as its buckets and indicator");
        } else {
            require(isFinite(shift) && isFinite(scale), "needs a finite shift and scale");
            require(width == (indicator ? 2 : 1), "must be as wide as itself and its indicator");
        }
    }

    private void require(boolean holds, String problem) {
        if (!holds) {
            throw new IllegalArgumentException("the feature of columns " + columns + " " + problem);
        }
    }

    private static boolean isFinite(@Nullable Double value) {
        return value != null && Double.isFinite(value);
    }

    private static boolean areFinite(List<Double> values, int size) {
        return values.size() == size && values.stream().allMatch(FittedFeature::isFinite);
    }

    /** Names of the features it gives, such as {@code workclass=Private}. */
    List<String> names() {
        String base = String.join(AND, columns);
        List<String> names = new ArrayList<>();
        if (vector) {
            for (int i = 0; i < width; i++) {
                names.add(base + "[" + i + "]");
            }
        } else if (values != null) {
            values.forEach(value -> names.add(base + "=" + value));
            names.add(base + "=" + OTHER);
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
