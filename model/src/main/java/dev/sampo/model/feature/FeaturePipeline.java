package dev.sampo.model.feature;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Batch;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import dev.sampo.model.data.Target;
import java.util.ArrayList;
import java.util.Arrays;
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
    private final List<Map<String, Integer>> lookups = new ArrayList<>();

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
        for (FittedFeature feature : features) {
            Map<String, Integer> lookup = new HashMap<>();
            List<String> values = feature.values();
            for (int i = 0; values != null && i < values.size(); i++) {
                lookup.put(values.get(i), i);
            }
            lookups.add(lookup);
        }
    }

    public int width() {
        return width;
    }

    /** Whether batches are in compressed sparse rows: few of the features are non-zero in a row. */
    public boolean sparse() {
        return sparse;
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

    /**
     * The batch of some rows; an error names the column and the value of the first bad row.
     *
     * @param labelled whether the rows have a label, and a weight if the pipeline was fitted with one
     */
    public Batch apply(Schema schema, List<Row> rows, boolean labelled) throws BadRecordException {
        for (InputColumn input : inputs()) {
            if (input.type() != InputColumn.Type.VECTOR && schema.indexOf(input.name()) < 0) {
                throw new BadRecordException(
                        "column " + input.name() + ": missing; the rows have " + String.join(", ", schema.columns()));
            }
        }
        float[] labels = new float[labelled ? rows.size() : 0];
        boolean weighted = labelled && (weight != null || label.classWeights() != null);
        float[] weights = weighted ? new float[rows.size()] : null;
        float[] dense = sparse ? null : new float[Math.multiplyExact(rows.size(), width)];
        SparseRows entries = new SparseRows(sparse ? rows.size() : 0);
        for (int r = 0; r < rows.size(); r++) {
            Row row = rows.get(r);
            if (dense != null) {
                write(schema, row, new DenseRow(dense, r * width));
            } else {
                write(schema, row, entries);
                entries.endRow(r);
            }
            if (labelled) {
                labels[r] = labelOf(schema, row);
                if (weights != null) {
                    weights[r] = weightOf(schema, row, labels[r]);
                }
            }
        }
        return dense != null
                ? Batch.dense(rows.size(), width, dense, labels, weights)
                : Batch.sparse(
                        rows.size(), width, entries.starts, entries.indices(), entries.values(), labels, weights);
    }

    private float labelOf(Schema schema, Row row) throws BadRecordException {
        String text = FitStatistics.label(row, schema, label);
        if (target.kind() == Target.Kind.NUMERIC) {
            return (float) Double.parseDouble(text);
        }
        int index = target.classes().indexOf(text);
        if (index < 0) {
            throw new BadRecordException("column " + label.columnOrDefault() + ": unknown label \"" + text
                    + "\"; the training labels are " + target.classes());
        }
        return index;
    }

    private float weightOf(Schema schema, Row row, float labelValue) throws BadRecordException {
        double value = weight == null ? 1 : FitStatistics.rowWeight(row, schema, weight);
        if (label.classWeights() != null) {
            String name = target.classes().get((int) labelValue);
            for (var each : label.classWeights().entrySet()) {
                if (FitStatistics.canonical(each.getKey(), label).equals(name)) {
                    value *= each.getValue();
                }
            }
        }
        return (float) value;
    }

    /** Takes a row's features in ascending order. */
    private interface Sink {
        void put(int feature, double value);
    }

    private record DenseRow(float[] values, int offset) implements Sink {
        @Override
        public void put(int feature, double value) {
            values[offset + feature] = (float) value;
        }
    }

    /** Grows the compressed rows. */
    private static final class SparseRows implements Sink {
        final int[] starts;
        private int[] indices = new int[64];
        private float[] values = new float[64];
        private int size;

        SparseRows(int rows) {
            starts = new int[rows + 1];
        }

        @Override
        public void put(int feature, double value) {
            if (value == 0) {
                return;
            }
            if (size == indices.length) {
                indices = Arrays.copyOf(indices, 2 * size);
                values = Arrays.copyOf(values, 2 * size);
            }
            indices[size] = feature;
            values[size++] = (float) value;
        }

        void endRow(int row) {
            starts[row + 1] = size;
        }

        int[] indices() {
            return Arrays.copyOf(indices, size);
        }

        float[] values() {
            return Arrays.copyOf(values, size);
        }
    }

    private void write(Schema schema, Row row, Sink sink) throws BadRecordException {
        int at = 0;
        for (int i = 0; i < features.size(); i++) {
            FittedFeature feature = features.get(i);
            if (feature.vector()) {
                writeVector(feature, row, at, sink);
            } else if (feature.values() != null) {
                String key = FittedFeature.key(feature.columns(), schema, row);
                sink.put(at + lookups.get(i).getOrDefault(key, feature.width() - 1), 1);
            } else if (feature.buckets() != null) {
                String key = FittedFeature.key(feature.columns(), schema, row);
                sink.put(at + Numbers.bucket(feature.columns() + "=" + key, feature.buckets()), 1);
            } else {
                writeNumber(feature, schema, row, at, sink);
            }
            at += feature.width();
        }
    }

    private static void writeNumber(FittedFeature feature, Schema schema, Row row, int at, Sink sink)
            throws BadRecordException {
        String column = feature.columns().get(0);
        String cell = row.cells()[schema.indexOf(column)];
        Double impute = feature.impute();
        boolean missing = cell == null && impute != null;
        double x = cell == null && impute != null
                ? impute
                : FittedFeature.log1pIf(feature.log1p(), column, Numbers.parse(column, cell));
        List<Double> bounds = feature.bounds();
        if (bounds != null) {
            int bucket = 0;
            while (bucket < bounds.size() && x > bounds.get(bucket)) {
                bucket++;
            }
            sink.put(at + bucket, 1);
        } else if (feature.shift() != null && feature.scale() != null) {
            sink.put(at, (x - feature.shift()) * feature.scale());
        }
        if (feature.indicator() && missing) {
            sink.put(at + feature.width() - 1, 1);
        }
    }

    private static void writeVector(FittedFeature feature, Row row, int at, Sink sink) throws BadRecordException {
        Row.Vector vector = row.vector();
        String name = feature.columns().get(0);
        if (vector == null) {
            throw new BadRecordException("column " + name + ": the vector is missing");
        }
        float[] values = vector.values();
        int[] indices = vector.indices();
        if (indices == null
                ? values.length != feature.width()
                : indices.length > 0 && indices[indices.length - 1] >= feature.width()) {
            throw new BadRecordException("column " + name + ": expected a vector of width " + feature.width() + ", got "
                    + (indices == null
                            ? String.valueOf(values.length)
                            : "feature " + indices[indices.length - 1] + " (0-based)"));
        }
        List<Double> shifts = feature.shifts();
        List<Double> scales = feature.scales();
        int entry = 0;
        if (shifts != null && scales != null) {
            for (int j = 0; j < feature.width(); j++) {
                double x = 0;
                if (indices == null) {
                    x = values[j];
                } else if (entry < indices.length && indices[entry] == j) {
                    x = values[entry++];
                }
                sink.put(at + j, (Numbers.finite(name, x) - shifts.get(j)) * scales.get(j));
            }
            return;
        }
        double scale = feature.scale() == null ? 1 : feature.scale();
        for (int j = 0; j < values.length; j++) {
            sink.put(at + (indices == null ? j : indices[j]), Numbers.finite(name, values[j]) * scale);
        }
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

    public static FeaturePipeline fromJson(String text) {
        try {
            Document read = JSON.readValue(text, Document.class);
            if (read.formatVersion() != 1) {
                throw new IllegalArgumentException(
                        "features.json has format version " + read.formatVersion() + ", this program reads 1");
            }
            return new FeaturePipeline(
                    read.features(), read.target(), read.label(), read.weight(), read.everyColumn(), read.sparse());
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("features.json can't be read: " + e.getOriginalMessage(), e);
        }
    }
}
