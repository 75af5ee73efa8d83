package dev.sampo.model.network;

import dev.sampo.model.data.Batch;
import dev.sampo.model.data.Selection;
import java.util.Objects;

/**
 * Scores and gradient of one layer with one output over sparse rows, where parameters and gradient together fit no second-level
 * cache: the two of a feature lie side by side, so that a row's score fetches what its gradient will change. It takes two more
 * passes over all parameters, which pay if there are rows enough. The bits are those of the plain loops. Not thread-safe.
 */
final class PairedGradient {
    /** Fewer parameters and their gradient stay in a second-level cache of a megabyte. */
    private static final int PARAMETERS_MIN = 1 << 17;
    /** A row changes some tens of features; the two passes cost about as much as one in ten of them. */
    private static final int PARAMETERS_A_ROW_MAX = 64;

    /** Parameter i at 2 i, its gradient at 2 i + 1. */
    private float[] pairs = new float[0];

    /** Whether it is faster than the plain loops. */
    static boolean pays(int parameters, int outputs, int rows) {
        return outputs == 1 && parameters >= PARAMETERS_MIN && parameters / PARAMETERS_A_ROW_MAX <= rows;
    }

    void begin(float[] parameters) {
        if (pairs.length != 2 * parameters.length) {
            pairs = new float[Math.multiplyExact(2, parameters.length)];
        }
        for (int i = 0; i < parameters.length; i++) {
            pairs[2 * i] = parameters[i];
            pairs[2 * i + 1] = 0;
        }
    }

    /** Writes the scores of rows [from, to). */
    void scores(Selection batch, float[] scores, int from, int to, int biasAt) {
        for (int row = from; row < to; row++) {
            Batch chunk = batch.chunk(row);
            int[] indices = Objects.requireNonNull(chunk.indices());
            float[] values = Objects.requireNonNull(chunk.values());
            int[] starts = Objects.requireNonNull(chunk.rowStarts());
            int end = starts[batch.row(row) + 1];
            float sum = pairs[2 * biasAt];
            for (int entry = starts[batch.row(row)]; entry < end; entry++) {
                sum += values[entry] * pairs[2 * indices[entry]];
            }
            scores[row] = sum;
        }
    }

    /** Adds the gradient of rows [from, to). */
    void add(Selection batch, float[] delta, int from, int to, int biasAt) {
        for (int row = from; row < to; row++) {
            Batch chunk = batch.chunk(row);
            int[] indices = Objects.requireNonNull(chunk.indices());
            float[] values = Objects.requireNonNull(chunk.values());
            int[] starts = Objects.requireNonNull(chunk.rowStarts());
            int end = starts[batch.row(row) + 1];
            float d = delta[row];
            pairs[2 * biasAt + 1] += d;
            for (int entry = starts[batch.row(row)]; entry < end; entry++) {
                pairs[2 * indices[entry] + 1] += values[entry] * d;
            }
        }
    }

    void end(float[] gradient, int length) {
        for (int i = 0; i < length; i++) {
            gradient[i] = pairs[2 * i + 1];
        }
    }
}
