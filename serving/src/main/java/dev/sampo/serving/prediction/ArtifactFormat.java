package dev.sampo.serving.prediction;

import dev.sampo.model.artifact.ModelArtifact;
import dev.sampo.model.artifact.ModelDocument;
import dev.sampo.model.artifact.Predictor;
import dev.sampo.model.data.BadRecordException;
import dev.sampo.serving.registry.ModelInfo;
import dev.sampo.serving.registry.ModelKey;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/** Reads the artifacts that training publishes. Thread-safe. */
public final class ArtifactFormat implements ModelFormat {
    /** Reading a cell and transforming it takes as long as some dozens of multiplications. */
    private static final long CELL_WORK = 64;

    private final int rowsMax;

    /** @param rowsMax rows of one forward pass */
    public ArtifactFormat(int rowsMax) {
        this.rowsMax = rowsMax;
    }

    @Override
    public ModelInfo describe(ModelKey key, Files files) throws IOException {
        ModelDocument document = ModelArtifact.document(files.read(ModelArtifact.MODEL));
        Map<String, Double> metrics = new TreeMap<>();
        document.metrics().forEach((name, value) -> {
            if (value instanceof Number number) {
                metrics.put(name, number.doubleValue());
            }
        });
        var inputs = document.inputs().stream()
                .map(input -> new ModelInfo.Input(
                        input.name(), ModelInfo.Kind.valueOf(input.type().name()), input.width()))
                .toList();
        return new ModelInfo(
                key.name(),
                key.version(),
                ModelInfo.State.AVAILABLE,
                "",
                document.created(),
                document.job(),
                document.weightsSha256(),
                metrics,
                inputs,
                document.target());
    }

    @Override
    public LoadedModel load(ModelKey key, Files files) throws IOException {
        ModelArtifact artifact = ModelArtifact.load(files::read);
        Predictor predictor = new Predictor(artifact, rowsMax);
        return new LoadedModel() {
            @Override
            public Predicted predict(RowTable table) throws BadRecordException {
                Predictor.Predictions made = predictor.predict(table.schema(), table.rows());
                return new Predicted(
                        key.name(),
                        key.version(),
                        made.outputs(),
                        made.values(),
                        made.labels(artifact.pipeline().target()));
            }

            @Override
            public long rowWork() {
                return artifact.weights().length
                        + CELL_WORK * artifact.pipeline().inputs().size();
            }

            @Override
            public void close() {
                predictor.close();
            }
        };
    }
}
