package dev.sampo.model.feature;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import dev.sampo.model.data.Target;
import dev.sampo.model.feature.FeatureUnits.Unit;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What one pass over the rows must gather to fit the feature pipeline. Mergeable; the same merges in the same order give the
 * same bits. Not thread-safe.
 */
public final class FitStatistics {
    private static final int CATEGORIES_MAX = 1_000_000;
    private final List<FeatureSpec> features;
    private final LabelSpec label;
    private final @Nullable String weight;
    private final Schema schema;
    private final List<Unit> units;
    private final ColumnStatistics[] numbers;
    private final ColumnStatistics[][] vectors;
    private final List<TreeMap<String, Long>> categories = new ArrayList<>();
    private final TreeMap<String, Long> labels = new TreeMap<>();
    private long rows;
    private long vectorEntries;

    private FitStatistics(
            @Nullable List<FeatureSpec> features, LabelSpec label, @Nullable String weight, Schema schema) {
        this.features = features == null ? List.of() : features;
        this.label = label;
        this.weight = weight;
        this.schema = schema;
        units = FeatureUnits.resolve(features, label, weight, schema);
        numbers = new ColumnStatistics[units.size()];
        vectors = new ColumnStatistics[units.size()][];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = new ColumnStatistics();
            categories.add(new TreeMap<>());
            boolean fitted =
                    units.get(i).vector() && isFittedVector(units.get(i).spec());
            vectors[i] = new ColumnStatistics
                    [fitted && schema.vector() != null ? schema.vector().width() : 0];
            for (int j = 0; j < vectors[i].length; j++) {
                vectors[i][j] = new ColumnStatistics();
            }
        }
    }

    private static boolean isFittedVector(FeatureSpec spec) {
        return spec.kind().equals("standardize") || spec.kind().equals("minMax");
    }

    /** Statistics of no rows. */
    public static FitStatistics empty(
            @Nullable List<FeatureSpec> features, LabelSpec label, @Nullable String weightColumn, Schema schema) {
        return new FitStatistics(features, label, weightColumn, schema);
    }

    /** Adds a row, or refuses it whole and stays as it was. */
    public void add(Row row) throws BadRecordException {
        double[] values = new double[units.size()];
        for (int i = 0; i < values.length; i++) {
            Unit unit = units.get(i);
            if (unit.vector()) {
                checkVector(row);
            } else if (unit.spec().numeric()) {
                values[i] = number(unit, row);
            }
        }
        String rowLabel = label(row, schema, label);
        checkLabel(rowLabel);
        if (weight != null) {
            rowWeight(row, schema, weight);
        }
        rows++;
        labels.merge(label.typeOrDefault().equals("numeric") ? "" : rowLabel, 1L, Long::sum);
        if (labels.size() > 10_000) {
            throw new BadRecordException("column " + label.columnOrDefault()
                    + ": more than 10000 different labels; is it numeric? then set data.label.type: numeric");
        }
        for (int i = 0; i < values.length; i++) {
            count(i, values[i], row);
        }
    }

    private void count(int i, double value, Row row) throws BadRecordException {
        Unit unit = units.get(i);
        if (unit.vector()) {
            countVector(i, row);
        } else if (unit.spec().numeric()) {
            if (Double.isNaN(value)) {
                numbers[i].missing++;
            } else {
                numbers[i].add(value);
            }
        } else if (unit.spec().buckets() == null) {
            categories.get(i).merge(FittedFeature.key(unit.columns(), schema, row), 1L, Long::sum);
            if (categories.get(i).size() > CATEGORIES_MAX) {
                throw new BadRecordException("column " + unit.column() + ": more than " + CATEGORIES_MAX
                        + " different values; use transform hash");
            }
        }
    }

    /** The number after log1p, NaN if missing and to be imputed. */
    private double number(Unit unit, Row row) throws BadRecordException {
        String cell = row.cells()[schema.indexOf(unit.column())];
        if (cell == null && unit.spec().impute() != null) {
            return Double.NaN;
        }
        return FittedFeature.log1pIf(unit.spec().log1p(), unit.column(), Numbers.parse(unit.column(), cell));
    }

    private void checkVector(Row row) throws BadRecordException {
        Row.Vector vector = row.vector();
        if (vector == null || schema.vector() == null) {
            throw new BadRecordException("the vector is missing");
        }
        int width = schema.vector().width();
        if (vector.indices() == null && vector.values().length != width) {
            throw new BadRecordException("a vector of " + vector.values().length + " values, expected " + width);
        }
        if (vector.indices() != null
                && vector.indices().length > 0
                && vector.indices()[vector.indices().length - 1] >= width) {
            throw new BadRecordException("feature " + vector.indices()[vector.indices().length - 1]
                    + " (0-based) in a space of " + width + "; set data.format.features to the number there are");
        }
        for (float each : vector.values()) {
            Numbers.finite(schema.vector().name(), each);
        }
    }

    private void countVector(int i, Row row) {
        Row.Vector vector = row.vector();
        if (vector == null) {
            return;
        }
        vectorEntries += vector.values().length;
        if (vectors[i].length == 0) {
            return;
        }
        for (int j = 0; j < vector.values().length; j++) {
            vectors[i][vector.indices() == null ? j : vector.indices()[j]].addMoments(vector.values()[j]);
        }
    }

    static String label(Row row, Schema schema, LabelSpec label) throws BadRecordException {
        String cell = row.cells()[schema.indexOf(label.columnOrDefault())];
        if (cell == null) {
            throw new BadRecordException("column " + label.columnOrDefault() + ": the label is missing");
        }
        if (label.typeOrDefault().equals("numeric")) {
            Numbers.parse(label.columnOrDefault(), cell);
        }
        return canonical(cell, label);
    }

    /**
     * A label in the spelling that is compared, in rows and specs alike. LIBSVM files write a binary negative as -1 or 0,
     * sometimes one in training and the other in testing, so these are one.
     */
    static String canonical(String text, LabelSpec label) {
        String same = normalized(text);
        return label.typeOrDefault().equals("binary") && same.equals("-1") ? "0" : same;
    }

    /** Whole numbers in one spelling, so that +1, 1 and 1.0 are one label. */
    static String normalized(String text) {
        if (!text.isEmpty() && "+-0123456789".indexOf(text.charAt(0)) >= 0) {
            try {
                double value = Double.parseDouble(text);
                if (value == Math.rint(value) && Math.abs(value) < 1e15) {
                    return Long.toString((long) value);
                }
            } catch (NumberFormatException e) {
                return text;
            }
        }
        return text;
    }

    static double rowWeight(Row row, Schema schema, String column) throws BadRecordException {
        double value = Numbers.parse(column, row.cells()[schema.indexOf(column)]);
        if (value < 0) {
            throw new BadRecordException("column " + column + ": a weight must be ≥ 0, was " + value);
        }
        return value;
    }

    private void checkLabel(String value) throws BadRecordException {
        if (label.classes() != null
                && label.classes().stream().noneMatch(each -> normalized(each).equals(value))) {
            throw new BadRecordException("column " + label.columnOrDefault() + ": unknown label \"" + value
                    + "\"; data.label.classes are " + label.classes());
        }
    }

    /** Adds what later rows gave. */
    public void merge(FitStatistics later) {
        rows += later.rows;
        vectorEntries += later.vectorEntries;
        for (int i = 0; i < numbers.length; i++) {
            numbers[i].merge(later.numbers[i]);
            for (int j = 0; j < vectors[i].length; j++) {
                vectors[i][j].merge(later.vectors[i][j]);
            }
            Map<String, Long> mine = categories.get(i);
            later.categories.get(i).forEach((key, count) -> mine.merge(key, count, Long::sum));
        }
        later.labels.forEach((key, count) -> labels.merge(key, count, Long::sum));
    }

    /** Fits the pipeline; {@link IllegalArgumentException} says what the data does not allow. */
    public FeaturePipeline fit() {
        Target target = target();
        List<FittedFeature> fitted = new ArrayList<>();
        double nonZeros = 0;
        for (int i = 0; i < numbers.length; i++) {
            Unit unit = units.get(i);
            FittedFeature one = unit.vector()
                    ? FittedFeature.vector(unit, schema, vectors[i], rows)
                    : FittedFeature.scalar(unit, numbers[i], categories.get(i));
            fitted.add(one);
            nonZeros += unit.vector()
                    ? (one.shifts() == null ? (double) vectorEntries / Math.max(1, rows) : one.width())
                    : one.indicator() ? 2 : 1;
        }
        int width = fitted.stream().mapToInt(FittedFeature::width).sum();
        return new FeaturePipeline(fitted, target, label, weight, features.isEmpty(), nonZeros < width / 4.0);
    }

    private Target target() {
        String column = label.columnOrDefault();
        if (label.typeOrDefault().equals("numeric")) {
            return new Target(Target.Kind.NUMERIC, List.of());
        }
        List<String> found = sorted(labels);
        if (label.typeOrDefault().equals("classes")) {
            List<String> classes = label.classes() == null
                    ? found
                    : label.classes().stream().map(FitStatistics::normalized).toList();
            if (classes.size() < 2) {
                throw new IllegalArgumentException(
                        "column " + column + ": classes need two labels or more, found " + classes);
            }
            return new Target(Target.Kind.CLASSES, classes);
        }
        if (found.size() != 2) {
            throw new IllegalArgumentException("column " + column + ": a binary label has two values, found "
                    + found.size() + ": " + found.subList(0, Math.min(10, found.size())));
        }
        String positive = label.positive() == null ? found.get(1) : canonical(label.positive(), label);
        if (!found.contains(positive)) {
            throw new IllegalArgumentException(
                    "data.label.positive: \"" + label.positive() + "\" does not occur, the labels are " + found);
        }
        String negative = found.get(found.get(0).equals(positive) ? 1 : 0);
        return new Target(Target.Kind.BINARY, List.of(negative, positive));
    }

    /** By number if all are, else by text. */
    private static List<String> sorted(TreeMap<String, Long> counts) {
        List<String> keys = new ArrayList<>(counts.keySet());
        if (keys.stream().allMatch(each -> each.matches("[+-]?\\d{1,15}(\\.\\d{1,15})?"))) {
            keys.sort(java.util.Comparator.comparingDouble(Double::parseDouble));
        }
        return keys;
    }

    /** Everything gathered, for {@link #fromBytes}. */
    public byte[] toBytes() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeLong(rows);
            out.writeLong(vectorEntries);
            for (int i = 0; i < numbers.length; i++) {
                numbers[i].write(out);
                for (ColumnStatistics each : vectors[i]) {
                    each.write(out);
                }
                writeCounts(categories.get(i), out);
            }
            writeCounts(labels, out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void writeCounts(TreeMap<String, Long> counts, DataOutputStream out) throws IOException {
        out.writeInt(counts.size());
        for (var each : counts.entrySet()) {
            out.writeUTF(each.getKey());
            out.writeLong(each.getValue());
        }
    }

    /** Reads what {@link #toBytes} of statistics of the same specs wrote. */
    public static FitStatistics fromBytes(
            @Nullable List<FeatureSpec> features,
            LabelSpec label,
            @Nullable String weightColumn,
            Schema schema,
            byte[] bytes) {
        FitStatistics read = new FitStatistics(features, label, weightColumn, schema);
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            read.rows = in.readLong();
            read.vectorEntries = in.readLong();
            for (int i = 0; i < read.numbers.length; i++) {
                read.numbers[i] = ColumnStatistics.read(in);
                for (int j = 0; j < read.vectors[i].length; j++) {
                    read.vectors[i][j] = ColumnStatistics.read(in);
                }
                readCounts(read.categories.get(i), in);
            }
            readCounts(read.labels, in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return read;
    }

    private static void readCounts(TreeMap<String, Long> counts, DataInputStream in) throws IOException {
        for (int left = in.readInt(); left > 0; left--) {
            counts.put(in.readUTF(), in.readLong());
        }
    }
}
