package dev.sampo.model.feature;

import dev.sampo.model.data.Batch;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Grows the feature rows of one batch, dense or in compressed sparse rows. One thread. */
abstract sealed class FeatureRows implements Encoder.Sink {
    /** For {@code rows} rows of {@code width} features. */
    static FeatureRows of(boolean sparse, int rows, int width) {
        return sparse ? new Sparse(rows, width) : new Dense(rows, width);
    }

    /** The row that was written is complete. */
    abstract void endRow();

    abstract Batch batch(float[] labels, float @Nullable [] weights);

    private static final class Dense extends FeatureRows {
        private final int rows;
        private final int width;
        private final float[] values;
        private int offset;

        Dense(int rows, int width) {
            this.rows = rows;
            this.width = width;
            values = new float[Math.multiplyExact(rows, width)];
        }

        @Override
        public void put(int feature, double value) {
            values[offset + feature] = (float) value;
        }

        @Override
        void endRow() {
            offset += width;
        }

        @Override
        Batch batch(float[] labels, float @Nullable [] weights) {
            return Batch.dense(rows, width, values, labels, weights);
        }
    }

    private static final class Sparse extends FeatureRows {
        private final int width;
        private final int[] starts;
        private int row;
        private int[] indices = new int[64];
        private float[] values = new float[64];
        private int size;

        Sparse(int rows, int width) {
            this.width = width;
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

        @Override
        void endRow() {
            starts[++row] = size;
        }

        @Override
        Batch batch(float[] labels, float @Nullable [] weights) {
            return Batch.sparse(
                    row, width, starts, Arrays.copyOf(indices, size), Arrays.copyOf(values, size), labels, weights);
        }
    }
}
