package dev.sampo.model.artifact;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Batch;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import dev.sampo.model.data.Target;
import dev.sampo.model.network.Network;
import java.util.ArrayList;
import java.util.List;

/** A loaded model: raw rows in, predictions out, by the pipeline and forward pass it was trained with. One thread. */
public final class Predictor implements AutoCloseable {
    private final ModelArtifact artifact;
    private final Network.Lane lane;
    private final int rowsMax;

    /**
     * What a model says of some rows.
     *
     * @param values [rows, outputs]: probability of the positive class, of each class, or the value
     */
    public record Predictions(int rows, int outputs, float[] values) {
        /** The label of each row; none for a numeric target. */
        public List<String> labels(Target target) {
            List<String> labels = new ArrayList<>();
            for (int row = 0; row < rows && target.kind() != Target.Kind.NUMERIC; row++) {
                int best = 0;
                for (int j = 1; j < outputs; j++) {
                    best = values[row * outputs + j] > values[row * outputs + best] ? j : best;
                }
                boolean positive = target.kind() == Target.Kind.BINARY && values[row] >= 0.5f;
                labels.add(target.classes().get(positive ? 1 : best));
            }
            return labels;
        }
    }

    /** @param rowsMax rows of one forward pass; more are split */
    public Predictor(ModelArtifact artifact, int rowsMax) {
        if (rowsMax < 1) {
            throw new IllegalArgumentException("rows of one forward pass must be ≥ 1, was " + rowsMax);
        }
        this.artifact = artifact;
        this.rowsMax = rowsMax;
        lane = artifact.network().newLane(rowsMax);
        lane.load(artifact.weights(), 0, 0, artifact.weights().length);
    }

    /** Predictions for any number of rows; an error names the column and value of the first bad one. */
    public Predictions predict(Schema schema, List<Row> rows) throws BadRecordException {
        Network network = artifact.network();
        float[] all = new float[Math.multiplyExact(rows.size(), network.outputs())];
        for (int from = 0; from < rows.size(); from += rowsMax) {
            List<Row> part = rows.subList(from, Math.min(rows.size(), from + rowsMax));
            Batch batch = artifact.pipeline().apply(schema, part, false);
            float[] scores = new float[part.size() * network.outputs()];
            lane.forward(batch, scores);
            network.scoresToPredictions(scores, part.size());
            System.arraycopy(scores, 0, all, from * network.outputs(), scores.length);
        }
        return new Predictions(rows.size(), network.outputs(), all);
    }

    @Override
    public void close() {
        lane.close();
    }
}
