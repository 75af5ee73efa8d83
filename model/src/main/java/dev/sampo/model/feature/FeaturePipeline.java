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
    private final List<@Nullable Categories> positions = new ArrayList<>();
    /** The last schema's columns found; a stream of rows has one schema, so it is found once. */
    private volatile @Nullable Bound bound;

    /** The pipeline on rows of one schema. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Bound(Schema schema, ColumnIndex columns, FeatureWriter[] writers) {}

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
        width = width(features);
        features.forEach(each -> positions.add(each.positions()));
    }

    /** The sum of the features' widths; {@link IllegalArgumentException} if no batch can be that wide. */
    static int width(List<FittedFeature> features) {
        long width = features.stream().mapToLong(FittedFeature::width).sum();
        if (width > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "features: together " + width + " wide, at most " + Integer.MAX_VALUE + "; use fewer buckets");
        }
        return (int) width;
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
        Bound to = bind(schema);
        TargetWriter targets = labelled ? TargetWriter.of(label, target, weight, to.columns) : null;
        float[] labels = new float[labelled ? rows.size() : 0];
        float[] weights = targets != null && targets.weighted() ? new float[rows.size()] : null;
        FeatureSink sink =
                sparse ? new FeatureSink.Sparse(rows.size(), width) : new FeatureSink.Dense(rows.size(), width);
        int r = 0;
        for (Row row : rows) {
            to.columns.checkCells(row);
            write(to, row, sink);
            if (targets != null) {
                labels[r] = targets.label(row);
                if (weights != null) {
                    weights[r] = targets.weight(row, labels[r]);
                }
            }
            r++;
        }
        return sink.batch(labels, weights);
    }

    private static void write(Bound to, Row row, FeatureSink sink) throws BadRecordException {
        for (FeatureWriter each : to.writers) {
            each.write(row, sink);
        }
        sink.endRow();
    }

    private Bound bind(Schema schema) throws BadRecordException {
        Bound last = bound;
        if (last != null && last.schema.equals(schema)) {
            return last;
        }
        ColumnIndex columns = new ColumnIndex(schema);
        FeatureWriter[] writers = new FeatureWriter[features.size()];
        int at = 0;
        for (int i = 0; i < writers.length; i++) {
            writers[i] = FeatureWriter.of(features.get(i), at, columns, positions.get(i));
            at += features.get(i).width();
        }
        Bound fresh = new Bound(schema, columns, writers);
        bound = fresh;
        return fresh;
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
