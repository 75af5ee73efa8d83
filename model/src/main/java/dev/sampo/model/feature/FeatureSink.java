package dev.sampo.model.feature;

import dev.sampo.model.data.Batch;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Takes the features of one row after the other, each row's in ascending order. One thread. */
interface FeatureSink {
    void put(int feature, float value);

    void endRow();

    /** The rows that have ended, which must be all; the sink is used up. */
    Batch batch(float[] labels, float @Nullable [] weights);

    /** Rows [rows, width], row-major. */
    final class Dense implements FeatureSink {
        private final float[] values;
        private final int rows;
        private final int width;
        private int offset;

        Dense(int rows, int width) {
            values = new float[Math.multiplyExact(rows, width)];
            this.rows = rows;
            this.width = width;
        }

        @Override
        public void put(int feature, float value) {
            values[offset + feature] = value;
        }

        @Override
        public void endRow() {
            offset += width;
        }

        @Override
        public Batch batch(float[] labels, float @Nullable [] weights) {
            return Batch.dense(rows, width, values, labels, weights);
        }
    }

    /** Compressed sparse rows; zeros are left out. */
    final class Sparse implements FeatureSink {
        private final int[] starts;
        private final int width;
        private int[] indices;
        private float[] values;
        private int size;
        private int row;

        Sparse(int rows, int width) {
            this.width = width;
            starts = new int[rows + 1];
            indices = new int[Math.max(16, (int) Math.min(1 << 20, 16L * rows))];
            values = new float[indices.length];
        }

        @Override
        public void put(int feature, float value) {
            if (value == 0) {
                return;
            }
            if (size == indices.length) {
                int longer = Math.addExact(size, size >> 1);
                indices = Arrays.copyOf(indices, longer);
                values = Arrays.copyOf(values, longer);
            }
            indices[size] = feature;
            values[size++] = value;
        }

        @Override
        public void endRow() {
            starts[++row] = size;
        }

        @Override
        public Batch batch(float[] labels, float @Nullable [] weights) {
            return Batch.sparse(
                    row, width, starts, Arrays.copyOf(indices, size), Arrays.copyOf(values, size), labels, weights);
        }
    }
}
