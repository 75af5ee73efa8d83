package dev.sampo.model.feature;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.RawRow;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import dev.sampo.model.data.Target;
import dev.sampo.model.feature.FeatureUnits.Unit;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What one pass over the rows must gather to fit the feature pipeline. Mergeable; the same merges in the same order give the
 * same bits. Not thread-safe.
 */
public final class FitStatistics {
    private static final int CATEGORIES_MAX = 1_000_000;
    private static final int LABELS_MAX = 10_000;
    private static final int MAGIC = 0x53465332; // "SFS2"
    private final List<FeatureSpec> features;
    private final LabelSpec label;
    private final @Nullable String weight;
    private final Schema schema;
    private final List<Unit> units;
    private final int[][] cells;
    private final int labelCell;
    private final int weightCell;
    /** What each unit reads: asking its spec again for each cell is long. */
    private final boolean[] isVector;

    private final boolean[] isNumeric;
    private final boolean[] isHashed;
    private final ColumnStatistics[] numbers;
    private final Moments[][] vectors;
    private final List<Counts> categories = new ArrayList<>();
    private final boolean hasVector;
    private final Counts labels = new Counts();
    private final Set<String> allowed = new HashSet<>();
    /** What the row that is examined holds, [units]. */
    private final double[] values;

    private final @Nullable String[] keys;
    private long rows;
    private long vectorEntries;
    private long vectorNonZeros;

    private FitStatistics(
            @Nullable List<FeatureSpec> features, LabelSpec label, @Nullable String weight, Schema schema) {
        this.features = features == null ? List.of() : features;
        this.label = label;
        this.weight = weight;
        this.schema = schema;
        units = FeatureUnits.resolve(features, label, weight, schema);
        hasVector = units.stream().anyMatch(Unit::vector);
        labelCell = schema.indexOf(label.columnOrDefault());
        weightCell = weight == null ? -1 : schema.indexOf(weight);
        cells = units.stream()
                .map(unit -> unit.vector()
                        ? new int[0]
                        : unit.columns().stream().mapToInt(schema::indexOf).toArray())
                .toArray(int[][]::new);
        isVector = new boolean[units.size()];
        isNumeric = new boolean[units.size()];
        isHashed = new boolean[units.size()];
        for (int i = 0; i < isVector.length; i++) {
            isVector[i] = units.get(i).vector();
            isNumeric[i] = units.get(i).spec().numeric();
            isHashed[i] = units.get(i).spec().buckets() != null;
        }
        values = new double[units.size()];
        keys = new String[units.size()];
        if (label.classes() != null) {
            label.classes().forEach(each -> allowed.add(normalized(each)));
        }
        numbers = new ColumnStatistics[units.size()];
        vectors = new Moments[units.size()][];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = new ColumnStatistics(needsQuantiles(units.get(i)));
            categories.add(new Counts());
            boolean fitted =
                    units.get(i).vector() && isFittedVector(units.get(i).spec());
            vectors[i] = new Moments
                    [fitted && schema.vector() != null ? schema.vector().width() : 0];
            for (int j = 0; j < vectors[i].length; j++) {
                vectors[i][j] = new Moments();
            }
        }
    }

    private static boolean needsQuantiles(Unit unit) {
        ImputeSpec impute = unit.spec().impute();
        return unit.spec().kind().equals("quantileBuckets")
                || impute != null && impute.method().equals("median");
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
    public void add(RawRow row) throws BadRecordException {
        String rowLabel = examine(row);
        rows++;
        labels.add(rowLabel, 1);
        if (hasVector && row.vector() != null) {
            vectorEntries += row.vector().values().length;
            for (float value : row.vector().values()) {
                vectorNonZeros += value == 0 ? 0 : 1;
            }
        }
        for (int i = 0; i < values.length; i++) {
            String key = keys[i];
            if (key != null) {
                categories.get(i).add(key, 1);
            } else if (isVector[i]) {
                countVector(i, row);
            } else if (Double.isNaN(values[i])) {
                numbers[i].missing++;
            } else if (isNumeric[i]) {
                numbers[i].add(values[i]);
            }
        }
    }

    /**
     * Refuses a bad row that is held out of training as {@link #add} would. Of a good one it only takes the label, so that a
     * class which no training row has is known; its values do not enter the fit.
     */
    public void addHeldOut(RawRow row) throws BadRecordException {
        labels.add(examine(row), 0);
    }

    /** Fills in {@code values} and {@code keys}, and gives the label; changes nothing else. */
    private String examine(RawRow row) throws BadRecordException {
        checkCells(row, schema);
        for (int i = 0; i < values.length; i++) {
            Unit unit = units.get(i);
            if (isVector[i]) {
                Vectors.check(row.vector(), Objects.requireNonNull(schema.vector()));
            } else if (isNumeric[i]) {
                values[i] = number(unit, row, cells[i][0]);
            } else if (!isHashed[i]) {
                String key = FittedFeature.key(cells[i], row);
                keys[i] = key;
                if (categories.get(i).size() >= CATEGORIES_MAX
                        && !categories.get(i).contains(key)) {
                    throw new BadRecordException(tooManyCategories(unit));
                }
            }
        }
        String cell = row.text(labelCell);
        boolean numeric = label.typeOrDefault().equals("numeric");
        // A label that has been counted is in the spelling that is compared.
        String text = !numeric && cell != null && labels.contains(cell) ? cell : label(cell, label);
        checkLabel(text);
        if (weight != null) {
            rowWeight(weight, row.text(weightCell));
        }
        String counted = numeric ? "" : text;
        if (labels.size() >= LABELS_MAX && !labels.contains(counted)) {
            throw new BadRecordException(tooManyLabels());
        }
        return counted;
    }

    private static String tooManyCategories(Unit unit) {
        return "column " + unit.column() + ": more than " + CATEGORIES_MAX + " different values; use transform hash";
    }

    private String tooManyLabels() {
        return "column " + label.columnOrDefault() + ": more than " + LABELS_MAX
                + " different labels; is it numeric? then set data.label.type: numeric";
    }

    /** The number after log1p, NaN if missing and to be imputed. */
    private static double number(Unit unit, RawRow row, int cell) throws BadRecordException {
        if (unit.spec().impute() != null && row.isMissing(cell)) {
            return Double.NaN;
        }
        return FittedFeature.log1pIf(unit.spec().log1p(), unit.column(), Numbers.of(unit.column(), row, cell));
    }

    private void countVector(int i, RawRow row) {
        Row.Vector vector = row.vector();
        if (vector == null || vectors[i].length == 0) {
            return;
        }
        for (int j = 0; j < vector.values().length; j++) {
            vectors[i][vector.indices() == null ? j : vector.indices()[j]].add(vector.values()[j]);
        }
    }

    /** The label of a row in the spelling that is compared. */
    static String label(@Nullable String cell, LabelSpec label) throws BadRecordException {
        if (cell == null) {
            throw new BadRecordException("column " + label.columnOrDefault() + ": the label is missing");
        }
        if (label.typeOrDefault().equals("numeric")) {
            Numbers.parse(label.columnOrDefault(), cell);
            return cell;
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
                double value = Numbers.parseDouble(text);
                if (value == Math.rint(value) && Math.abs(value) < 1e15) {
                    return Long.toString((long) value);
                }
            } catch (NumberFormatException e) {
                return text;
            }
        }
        return text;
    }

    static double rowWeight(String column, @Nullable String cell) throws BadRecordException {
        double value = Numbers.parse(column, cell);
        if (value < 0) {
            throw new BadRecordException("column " + column + ": a weight must be ≥ 0, was " + value);
        }
        return value;
    }

    private void checkLabel(String value) throws BadRecordException {
        if (!allowed.isEmpty() && !allowed.contains(value)) {
            throw new BadRecordException("column " + label.columnOrDefault() + ": unknown label \"" + value
                    + "\"; data.label.classes are " + label.classes());
        }
    }

    /** A row of other columns than the schema's would be read beyond its end, or as something else. */
    static void checkCells(RawRow row, Schema schema) throws BadRecordException {
        if (row.size() != schema.columns().size()) {
            throw new BadRecordException("a row of " + row.size() + " cells, expected "
                    + schema.columns().size() + ": " + String.join(", ", schema.columns()));
        }
    }

    /**
     * Adds what later rows gave; {@link IllegalArgumentException}, and this stays as it was, if together they have too many
     * labels or categories.
     */
    public void merge(FitStatistics later) {
        for (int i = 0; i < numbers.length; i++) {
            if (categories.get(i).wouldExceed(later.categories.get(i), CATEGORIES_MAX)) {
                throw new IllegalArgumentException(tooManyCategories(units.get(i)));
            }
        }
        if (labels.wouldExceed(later.labels, LABELS_MAX)) {
            throw new IllegalArgumentException(tooManyLabels());
        }
        rows += later.rows;
        vectorEntries += later.vectorEntries;
        vectorNonZeros += later.vectorNonZeros;
        for (int i = 0; i < numbers.length; i++) {
            numbers[i].merge(later.numbers[i]);
            for (int j = 0; j < vectors[i].length; j++) {
                vectors[i][j].merge(later.vectors[i][j]);
            }
            categories.get(i).merge(later.categories.get(i));
        }
        labels.merge(later.labels);
    }

    /** As {@link #fit(boolean)}, where what a row holds are values, zero or not. */
    public FeaturePipeline fit() {
        return fit(false);
    }

    /**
     * Fits the pipeline; {@link IllegalArgumentException} says what the data does not allow.
     *
     * @param skipsZeros whether rows that hold all their values are laid sparse too, if few of them are non-zero
     */
    public FeaturePipeline fit(boolean skipsZeros) {
        Target target = target();
        checkClassWeights(target);
        List<FittedFeature> fitted = new ArrayList<>();
        double nonZeros = 0;
        for (int i = 0; i < numbers.length; i++) {
            Unit unit = units.get(i);
            FittedFeature one = unit.vector()
                    ? FittedFeature.vector(unit, schema, vectors[i], rows)
                    : FittedFeature.scalar(unit, numbers[i], categories.get(i).sorted());
            fitted.add(one);
            nonZeros += nonZeros(i, one, skipsZeros);
        }
        long width = fitted.stream().mapToLong(FittedFeature::width).sum();
        if (width > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "features: together " + width + " wide, at most " + Integer.MAX_VALUE + "; use fewer buckets");
        }
        return new FeaturePipeline(fitted, target, label, weight, features.isEmpty(), nonZeros < width / 4.0);
    }

    /** Of a unit's features in a row, on average; those of missing values count as non-zero. */
    private double nonZeros(int i, FittedFeature fitted, boolean skipsZeros) {
        if (fitted.vector()) {
            long entries = skipsZeros ? vectorNonZeros : vectorEntries;
            return fitted.shifts() == null ? (double) entries / Math.max(1, rows) : fitted.width();
        }
        boolean keepsZero = skipsZeros && fitted.shift() != null && fitted.shift() == 0;
        double zeros = keepsZero ? (double) numbers[i].zeros / Math.max(1, rows) : 0;
        return (fitted.indicator() ? 2 : 1) - zeros;
    }

    /** A weight for a label that never occurs is a slip of the pen that would train another model than was meant. */
    private void checkClassWeights(Target target) {
        for (String each : label.classWeights() == null
                ? List.<String>of()
                : label.classWeights().keySet()) {
            if (!target.classes().contains(canonical(each, label))) {
                throw new IllegalArgumentException("data.label.classWeights: \"" + each
                        + "\" does not occur, the labels are "
                        + target.classes()
                                .subList(0, Math.min(10, target.classes().size())));
            }
        }
    }

    private Target target() {
        String column = label.columnOrDefault();
        if (label.typeOrDefault().equals("numeric")) {
            return new Target(Target.Kind.NUMERIC, List.of());
        }
        List<String> found = sorted(labels.sorted());
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
            out.writeInt(MAGIC);
            out.writeInt(numbers.length);
            out.writeLong(rows);
            out.writeLong(vectorEntries);
            out.writeLong(vectorNonZeros);
            for (int i = 0; i < numbers.length; i++) {
                numbers[i].write(out);
                for (Moments each : vectors[i]) {
                    each.write(out);
                }
                writeCounts(categories.get(i).sorted(), out);
            }
            writeCounts(labels.sorted(), out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void writeCounts(TreeMap<String, Long> counts, DataOutputStream out) throws IOException {
        out.writeInt(counts.size());
        for (var each : counts.entrySet()) {
            // Not writeUTF, which ends at 65,535 bytes.
            byte[] key = each.getKey().getBytes(StandardCharsets.UTF_8);
            out.writeInt(key.length);
            out.write(key);
            out.writeLong(each.getValue());
        }
    }

    /**
     * Reads what {@link #toBytes} of statistics of the same specs wrote; {@link IllegalArgumentException} if it is anything
     * else, and no more memory than the bytes' own size is taken to find out.
     */
    public static FitStatistics fromBytes(
            @Nullable List<FeatureSpec> features,
            LabelSpec label,
            @Nullable String weightColumn,
            Schema schema,
            byte[] bytes) {
        FitStatistics read = new FitStatistics(features, label, weightColumn, schema);
        StatisticsReader in = new StatisticsReader(bytes);
        in.require(in.integer() == MAGIC, "not fit statistics of this version");
        int units = in.integer();
        in.require(units == read.numbers.length, units + " features for " + read.numbers.length);
        read.rows = in.count(Long.MAX_VALUE);
        read.vectorEntries = in.count(Long.MAX_VALUE);
        read.vectorNonZeros = in.count(read.vectorEntries);
        for (int i = 0; i < units; i++) {
            read.readUnit(i, in);
        }
        in.counts(read.labels, LABELS_MAX, read.rows);
        in.end();
        return read;
    }

    private void readUnit(int i, StatisticsReader in) {
        Unit unit = units.get(i);
        boolean number = !unit.vector() && unit.spec().numeric();
        numbers[i] = ColumnStatistics.read(in, needsQuantiles(unit), number ? rows : 0);
        for (int j = 0; j < vectors[i].length; j++) {
            vectors[i][j] = Moments.read(in, rows);
        }
        boolean counted =
                !unit.vector() && !unit.spec().numeric() && unit.spec().buckets() == null;
        in.counts(categories.get(i), CATEGORIES_MAX, counted ? rows : 0);
    }
}
