package dev.sampo.model.feature;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Batch;
import dev.sampo.model.data.RawRow;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import dev.sampo.model.data.Target;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The fitted feature pipeline: raw rows in, numeric batches out, the same in training and serving (invariant I6). Its JSON
 * document is part of the artifact. Immutable but for lookup tables built at construction; thread-safe.
 */
public final class FeaturePipeline {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private final List<FittedFeature> features;
    private final Target target;
    private final LabelSpec label;
    private final @Nullable String weight;
    private final boolean everyColumn;
    private final boolean sparse;
    private final int width;
    private final List<InputColumn> inputs;
    private final Encoder[] encoders;
    /** The first feature of each encoder. */
    private final int[] starts;

    private final Map<String, Integer> classes = new HashMap<>();
    private final double @Nullable [] classWeights;
    private volatile @Nullable Binding bound;

    /** A raw column that the pipeline reads. */
    public record InputColumn(String name, Type type, int width) {
        /** What a cell of the column holds. */
        public enum Type {
            NUMBER,
            TEXT,
            VECTOR
        }
    }

    private record Document(
            int formatVersion,
            Target target,
            LabelSpec label,
            @Nullable String weight,
            boolean everyColumn,
            boolean sparse,
            int width,
            List<FittedFeature> features) {}

    FeaturePipeline(
            List<FittedFeature> features,
            Target target,
            LabelSpec label,
            @Nullable String weight,
            boolean everyColumn,
            boolean sparse) {
        this.features = List.copyOf(features);
        this.target = target;
        this.label = label;
        this.weight = weight;
        this.everyColumn = everyColumn;
        this.sparse = sparse;
        width = features.stream().mapToInt(FittedFeature::width).sum();
        inputs = inputs(features);
        encoders = features.stream().map(Encoder::of).toArray(Encoder[]::new);
        starts = new int[encoders.length];
        for (int i = 1; i < starts.length; i++) {
            starts[i] = starts[i - 1] + features.get(i - 1).width();
        }
        for (int i = 0; i < target.classes().size(); i++) {
            classes.put(target.classes().get(i), i);
        }
        classWeights = classWeights(label, target);
    }

    private static double @Nullable [] classWeights(LabelSpec label, Target target) {
        if (label.classWeights() == null) {
            return null;
        }
        double[] weights = new double[target.classes().size()];
        java.util.Arrays.fill(weights, 1);
        label.classWeights().forEach((text, factor) -> {
            int index = target.classes().indexOf(FitStatistics.canonical(text, label));
            if (index >= 0) {
                weights[index] *= factor;
            }
        });
        return weights;
    }

    public int width() {
        return width;
    }

    /** Whether batches are in compressed sparse rows: few of the features are non-zero in a row. */
    public boolean sparse() {
        return sparse;
    }

    /** Whether labelled batches have sample weights. */
    public boolean weighted() {
        return weight != null || classWeights != null;
    }

    public Target target() {
        return target;
    }

    /** Names of the features, [width]. */
    public List<String> names() {
        return features.stream().flatMap(feature -> feature.names().stream()).toList();
    }

    /** The raw columns a row must have, without label and weight. */
    public List<InputColumn> inputs() {
        return inputs;
    }

    private static List<InputColumn> inputs(List<FittedFeature> features) {
        Map<String, InputColumn> inputs = new LinkedHashMap<>();
        for (FittedFeature feature : features) {
            boolean text = feature.values() != null || feature.buckets() != null;
            for (String column : feature.columns()) {
                InputColumn.Type type = feature.vector()
                        ? InputColumn.Type.VECTOR
                        : text ? InputColumn.Type.TEXT : InputColumn.Type.NUMBER;
                InputColumn known = inputs.get(column);
                // A column used both ways arrives as text.
                if (known == null || type == InputColumn.Type.TEXT) {
                    inputs.put(column, new InputColumn(column, type, feature.vector() ? feature.width() : 1));
                }
            }
        }
        return List.copyOf(inputs.values());
    }

    /** Where a schema has what the pipeline reads; label and weight are -1 if it has none. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Binding(Schema schema, int[][] cells, int label, int weight) {}

    private Binding bind(Schema schema) throws BadRecordException {
        Binding last = bound;
        if (last != null && last.schema.equals(schema)) {
            return last;
        }
        for (InputColumn input : inputs) {
            if (input.type() != InputColumn.Type.VECTOR && schema.indexOf(input.name()) < 0) {
                throw new BadRecordException(
                        "column " + input.name() + ": missing; the rows have " + String.join(", ", schema.columns()));
            }
        }
        int[][] cells = features.stream()
                .map(feature ->
                        feature.columns().stream().mapToInt(schema::indexOf).toArray())
                .toArray(int[][]::new);
        Binding fresh = new Binding(
                schema, cells, schema.indexOf(label.columnOrDefault()), weight == null ? -1 : schema.indexOf(weight));
        bound = fresh;
        return fresh;
    }

    /**
     * The batch of some rows; an error names the column and the value of the first bad row.
     *
     * @param labelled whether the rows have a label, and a weight if the pipeline was fitted with one
     */
    public Batch apply(Schema schema, List<Row> rows, boolean labelled) throws BadRecordException {
        Rows written = rows(schema, rows.size(), labelled);
        for (Row row : rows) {
            written.add(row);
        }
        return written.batch();
    }

    /** Takes {@code count} rows one after the other, as {@link #apply} does. */
    public Rows rows(Schema schema, int count, boolean labelled) throws BadRecordException {
        Binding binding = bind(schema);
        if (labelled && (binding.label < 0 || weight != null && binding.weight < 0)) {
            throw new BadRecordException("column " + (binding.label < 0 ? label.columnOrDefault() : weight)
                    + ": missing; the rows have " + String.join(", ", schema.columns()));
        }
        return new Rows(binding, count, labelled);
    }

    /** The batch of some rows while it grows; of no use once a row was refused. One thread. */
    public final class Rows {
        private static final int KNOWN_LABELS_MAX = 1024;
        private final Binding binding;
        private final boolean labelled;
        private final int count;
        private final FeatureRows written;
        private final float[] labels;
        private final float @Nullable [] weights;
        /** Class numbers by labels as they are spelt in the source: telling that 1.0 is 1 is long. */
        private final Map<String, Float> known = new HashMap<>();

        private int number;

        private Rows(Binding binding, int count, boolean labelled) {
            this.binding = binding;
            this.count = count;
            this.labelled = labelled;
            labels = new float[labelled ? count : 0];
            weights = labelled && weighted() ? new float[count] : null;
            written = FeatureRows.of(sparse, count, width);
        }

        /** Number of rows that were added. */
        public int size() {
            return number;
        }

        public void add(RawRow row) throws BadRecordException {
            FitStatistics.checkCells(row, binding.schema);
            for (int i = 0; i < encoders.length; i++) {
                encoders[i].write(row, binding.cells[i], starts[i], written);
            }
            written.endRow();
            if (labelled) {
                labels[number] = label(row);
                if (weights != null) {
                    String cell = weight == null ? null : row.text(binding.weight);
                    weights[number] = weightOf(cell, labels[number]);
                }
            }
            number++;
        }

        private float label(RawRow row) throws BadRecordException {
            String text = row.text(binding.label);
            if (target.kind() == Target.Kind.NUMERIC) {
                return labelOf(text);
            }
            Float seen = known.get(text);
            if (seen == null) {
                seen = labelOf(text);
                if (text != null && known.size() < KNOWN_LABELS_MAX) {
                    known.put(text, seen);
                }
            }
            return seen;
        }

        /** The batch of all {@code count} rows. */
        public Batch batch() {
            if (number != count) {
                throw new IllegalStateException(number + " rows were added, not " + count);
            }
            return written.batch(labels, weights);
        }
    }

    private float labelOf(@Nullable String cell) throws BadRecordException {
        String text = FitStatistics.label(cell, label);
        if (target.kind() == Target.Kind.NUMERIC) {
            return (float) Numbers.parseDouble(text);
        }
        Integer index = classes.get(text);
        if (index == null) {
            throw new BadRecordException("column " + label.columnOrDefault() + ": unknown label \"" + text
                    + "\"; the training labels are " + target.classes());
        }
        return index;
    }

    private float weightOf(@Nullable String cell, float labelValue) throws BadRecordException {
        double value = weight == null ? 1 : FitStatistics.rowWeight(weight, cell);
        double product = classWeights == null ? value : value * classWeights[(int) labelValue];
        return (float) Numbers.finite(weight == null ? label.columnOrDefault() : weight, product);
    }

    /** The readable document; {@link #fromJson} gives the same bits back. */
    public String toJson() {
        try {
            return JSON.writeValueAsString(new Document(1, target, label, weight, everyColumn, sparse, width, features))
                    + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a pipeline must be JSON", e);
        }
    }

    /** The pipeline of a document; {@link IllegalArgumentException} says what is wrong with it. */
    public static FeaturePipeline fromJson(String text) {
        Document read;
        try {
            read = JSON.readValue(text, Document.class);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("features.json can't be read: " + e.getOriginalMessage(), e);
        }
        if (read == null || read.formatVersion() != 1) {
            throw new IllegalArgumentException("features.json has format version "
                    + (read == null ? "none" : read.formatVersion()) + ", this program reads 1");
        }
        try {
            return checked(read);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("features.json is damaged: " + e.getMessage(), e);
        }
    }

    private static FeaturePipeline checked(Document read) {
        if (read.features() == null || read.target() == null || read.label() == null) {
            throw new IllegalArgumentException("it needs features, target and label");
        }
        for (FittedFeature each : read.features()) {
            if (each == null) {
                throw new IllegalArgumentException("a feature is null");
            }
            each.check();
        }
        FeaturePipeline pipeline = new FeaturePipeline(
                read.features(), read.target(), read.label(), read.weight(), read.everyColumn(), read.sparse());
        if (read.width() != pipeline.width) {
            throw new IllegalArgumentException("its width is " + read.width() + ", its features' " + pipeline.width);
        }
        return pipeline;
    }
}
