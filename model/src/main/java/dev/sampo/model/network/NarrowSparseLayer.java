package dev.sampo.model.network;

import dev.sampo.model.data.Batch;
import dev.sampo.model.data.Selection;
import java.util.Arrays;
import java.util.Objects;

/** A {@link SparseLayer} of few outputs, one for a linear or logistic regression: plain loops over the entries as they lie. */
final class NarrowSparseLayer implements SparseLayer {
    private final int out;
    private final int biasAt;
    private final float[] parameters;

    NarrowSparseLayer(int in, int out) {
        this.out = out;
        biasAt = Math.multiplyExact(in, out);
        parameters = new float[Math.addExact(biasAt, out)];
    }

    /** Weight [in, out] and bias [out]. */
    float[] parameters() {
        return parameters;
    }

    @Override
    public void load(float[] source, int sourceOffset, int at, int length) {
        System.arraycopy(source, sourceOffset, parameters, at, length);
    }

    @Override
    public void scores(Selection batch, float[] scores, boolean training) {
        scores(batch, scores, 0, batch.rows());
    }

    /** Those of rows [from, to). */
    void scores(Selection batch, float[] scores, int from, int to) {
        for (int row = from; row < to; row++) {
            Batch chunk = batch.chunk(row);
            int[] indices = Objects.requireNonNull(chunk.indices());
            float[] values = Objects.requireNonNull(chunk.values());
            int[] starts = Objects.requireNonNull(chunk.rowStarts());
            int end = starts[batch.row(row) + 1];
            if (out == 1) {
                float sum = parameters[biasAt];
                for (int entry = starts[batch.row(row)]; entry < end; entry++) {
                    sum += values[entry] * parameters[indices[entry]];
                }
                scores[row] = sum;
                continue;
            }
            int at = row * out;
            System.arraycopy(parameters, biasAt, scores, at, out);
            for (int entry = starts[batch.row(row)]; entry < end; entry++) {
                float value = values[entry];
                int weight = indices[entry] * out;
                for (int j = 0; j < out; j++) {
                    scores[at + j] += value * parameters[weight + j];
                }
            }
        }
    }

    @Override
    public void gradient(Selection batch, float[] delta, float[] gradient) {
        Arrays.fill(gradient, 0, biasAt, 0f);
        addGradient(batch, delta, 0, batch.rows(), gradient);
    }

    /** Adds what rows [from, to) give. */
    void addGradient(Selection batch, float[] delta, int from, int to, float[] gradient) {
        for (int row = from; row < to; row++) {
            Batch chunk = batch.chunk(row);
            int[] indices = Objects.requireNonNull(chunk.indices());
            float[] values = Objects.requireNonNull(chunk.values());
            int[] starts = Objects.requireNonNull(chunk.rowStarts());
            int end = starts[batch.row(row) + 1];
            if (out == 1) {
                float d = delta[row];
                for (int entry = starts[batch.row(row)]; entry < end; entry++) {
                    gradient[indices[entry]] += values[entry] * d;
                }
                continue;
            }
            int at = row * out;
            for (int entry = starts[batch.row(row)]; entry < end; entry++) {
                float value = values[entry];
                int weight = indices[entry] * out;
                for (int j = 0; j < out; j++) {
                    gradient[weight + j] += value * delta[at + j];
                }
            }
        }
    }
}
