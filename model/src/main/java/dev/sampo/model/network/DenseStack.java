package dev.sampo.model.network;

import dev.sampo.model.data.Batch;
import dev.sampo.model.data.Selection;
import dev.sampo.model.kernel.Kernel;
import dev.sampo.model.kernel.NativeFloats;
import java.util.Arrays;
import java.util.Objects;
import org.bytedeco.javacpp.FloatPointer;

/**
 * A {@link Network.Lane}: matrix products on native buffers, everything else in plain loops over arrays, nothing allocated for
 * a step. The first layer takes sparse batches by loops of its own, so that its cost follows the non-zeros.
 */
final class DenseStack implements Network.Lane {
    /** Rows whose entries stay in the first-level cache between their scores and their gradient. */
    private static final int BLOCK_ROWS = 64;
    /** Rows whose parameters, a cache line each, stay there. */
    private static final int PAIRED_ROWS = 8;
    /** Elements of rows that stay in the first-level cache between one loop and the next. */
    private static final int BLOCK_ELEMENTS = 2048;

    /** Fewer elements are not worth copying to where a loop over them is vectorised. */
    private static final int COPIED_MIN = 32;

    private final Network network;
    private final int rowsMax;
    private final int layers;
    private final int[] widths;
    /** Biases, and once a sparse batch came the first layer's weight: what the loops read. */
    private final float[] parameters;
    /** Per layer: where its weight begins. */
    private final int[] weightAt;

    /** What the matrix products read. */
    private final NativeFloats nativeParameters;

    private final FloatPointer[] nativeWeights;
    /** Input of each layer, native: [rows, widths[layer]]. */
    private final NativeFloats[] nativeInputs;

    /** What a product gives, and then what the gradient with respect to it is: [rows, width of the layer at work]. */
    private final NativeFloats nativeOut;

    private final NativeFloats nativeGradient;
    /** Pre-activations [rows, widths[layer + 1]]; those of the last layer become the gradient with respect to them. */
    private final float[][] z;

    // Loops over [at + i] of one array and [i] of another stay scalar, ten times as slow (C2 of JDK 17), so rows are
    // copied to
    // where both are indexed alike.
    /** Some rows of a layer on their way from one product to the next. */
    private final float[] block;
    /** Those rows' pre-activations. */
    private final float[] blockScores;
    /** A layer's bias once for each row of a block. */
    private final float[] blockBias;
    /** One row of a block, and a layer's bias gradient. */
    private final float[] blockRow;

    private final float[] rowSum;
    /** Of the first layer, [rows, widths[1]]: where sparse batches meet several layers. */
    private float[] sparseDelta = new float[0];

    private final PairedGradient paired = new PairedGradient();
    private boolean sparseSeen;
    /** Where all batches are sparse and there is one layer, no matrix product reads the parameters. */
    private boolean nativeStale;

    /** Of the rows of the batch so far. */
    private double lossTotal;

    private double weightTotal;
    private boolean closed;

    DenseStack(Network network, int rowsMax) {
        this.network = network;
        this.rowsMax = rowsMax;
        widths = network.widths();
        layers = widths.length - 1;
        parameters = new float[network.parameterCount()];
        nativeParameters = new NativeFloats(network.parameterCount());
        weightAt = new int[layers];
        nativeWeights = new FloatPointer[layers];
        nativeInputs = new NativeFloats[layers];
        z = new float[layers][];
        int widest = 0;
        int largestWeight = 0;
        for (int layer = 0; layer < layers; layer++) {
            weightAt[layer] = network.tensors().get(2 * layer).offset();
            nativeWeights[layer] = nativeParameters.from(weightAt[layer]);
            nativeInputs[layer] = new NativeFloats((long) rowsMax * (layer == 0 ? 1 : widths[layer]));
            z[layer] = new float[size(rowsMax, widths[layer + 1])];
            widest = Math.max(widest, widths[layer + 1]);
            largestWeight = Math.max(largestWeight, widths[layer] * widths[layer + 1]);
        }
        for (int layer = 1; layer < layers; layer++) {
            widest = Math.max(widest, widths[layer]);
        }
        nativeOut = new NativeFloats((long) rowsMax * widest);
        nativeGradient = new NativeFloats(largestWeight);
        block = new float[Math.max(BLOCK_ELEMENTS, widest)];
        blockScores = new float[block.length];
        blockBias = new float[block.length];
        blockRow = new float[widest];
        rowSum = new float[widest];
    }

    /** Elements of an array [rows, width]; checked, for a batch size is the user's to choose. */
    private static int size(int rows, int width) {
        if (rows < 1 || (long) rows * width > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("an activation of [" + rows + ", " + width
                    + "] does not fit an array of at most 2^31 - 9 elements; make batchSize smaller");
        }
        return rows * width;
    }

    @Override
    public void load(float[] source, int sourceOffset, int parameterOffset, int length) {
        if (sparseSeen) {
            System.arraycopy(source, sourceOffset, parameters, parameterOffset, length);
            nativeStale = layers == 1;
            if (nativeStale) {
                return;
            }
        }
        nativeParameters.put(parameterOffset, source, sourceOffset, length);
        if (sparseSeen) {
            return;
        }
        for (int layer = 0; layer < layers; layer++) {
            int biasAt = biasAt(layer);
            int from = Math.max(parameterOffset, biasAt);
            int to = Math.min(parameterOffset + length, biasAt + widths[layer + 1]);
            if (from < to) {
                System.arraycopy(source, sourceOffset + from - parameterOffset, parameters, from, to - from);
            }
        }
    }

    private int biasAt(int layer) {
        return weightAt[layer] + widths[layer] * widths[layer + 1];
    }

    @Override
    public void forward(Batch batch, float[] scores) {
        Selection all = Selection.all(batch);
        check(all);
        if (batch.rows() > 0) {
            run(all, false, 0);
            System.arraycopy(z[layers - 1], 0, scores, 0, batch.rows() * network.outputs());
        }
    }

    @Override
    public LossSum gradient(Selection batch, long dropoutSeed, float[] gradient, Network.Ready ready) {
        check(batch);
        if (batch.rows() == 0) {
            Arrays.fill(gradient, 0, network.parameterCount(), 0f);
            LossSum nothing = new LossSum(0, 0, 0);
            ready.ready(nothing, 0, network.parameterCount());
            return nothing;
        }
        lossTotal = 0;
        weightTotal = 0;
        if (layers == 1 && batch.isSparse()) {
            return sparseLinear(batch, gradient, ready);
        }
        run(batch, true, dropoutSeed);
        lossAndDelta(batch, 0, batch.rows());
        LossSum loss = new LossSum(batch.rows(), weightTotal, lossTotal);
        backward(batch, dropoutSeed, gradient, loss, ready);
        return loss;
    }

    /** Scores, loss and gradient block by block, since a batch is larger than a cache; the bits of doing each for all rows. */
    private LossSum sparseLinear(Selection batch, float[] gradient, Network.Ready ready) {
        int rows = batch.rows();
        if (PairedGradient.pays(network.parameterCount(), widths[1], rows)) {
            pairedLinear(batch, gradient);
        } else {
            plainLinear(batch, gradient);
        }
        LossSum loss = new LossSum(rows, weightTotal, lossTotal);
        ready.ready(loss, 0, network.parameterCount());
        return loss;
    }

    private void plainLinear(Selection batch, float[] gradient) {
        int rows = batch.rows();
        Arrays.fill(gradient, 0, network.parameterCount(), 0f);
        for (int from = 0; from < rows; from += BLOCK_ROWS) {
            int to = Math.min(rows, from + BLOCK_ROWS);
            sparseForward(batch, z[0], from, to);
            lossAndDelta(batch, from, to);
            addBiasGradient(z[0], from, to, widths[1], gradient, biasAt(0));
            addSparseGradient(batch, z[0], from, to, gradient);
        }
    }

    private void pairedLinear(Selection batch, float[] gradient) {
        int rows = batch.rows();
        paired.begin(parameters);
        for (int from = 0; from < rows; from += PAIRED_ROWS) {
            int to = Math.min(rows, from + PAIRED_ROWS);
            paired.scores(batch, z[0], from, to, biasAt(0));
            lossAndDelta(batch, from, to);
            paired.add(batch, z[0], from, to, biasAt(0));
        }
        paired.end(gradient, network.parameterCount());
    }

    private void check(Selection batch) {
        if (closed) {
            throw new IllegalStateException("the lane is closed");
        }
        if (batch.rows() > rowsMax || batch.width() != network.inputs()) {
            throw new IllegalArgumentException("a batch of [" + batch.rows() + ", " + batch.width()
                    + "] for a lane of at most [" + rowsMax + ", " + network.inputs() + "]");
        }
        if (batch.isSparse() && !sparseSeen) {
            nativeParameters.get(0, parameters, 0, parameters.length);
            sparseSeen = true;
        }
    }

    private void run(Selection batch, boolean training, long dropoutSeed) {
        int rows = batch.rows();
        for (int layer = 0; layer < layers; layer++) {
            boolean sparse = layer == 0 && batch.isSparse();
            if (!sparse) {
                if (nativeStale) {
                    nativeParameters.put(0, parameters, 0, parameters.length);
                    nativeStale = false;
                }
                FloatPointer input = input(layer, batch);
                Kernel.gemm(
                        false,
                        false,
                        rows,
                        widths[layer + 1],
                        widths[layer],
                        input,
                        nativeWeights[layer],
                        nativeOut.pointer());
            }
            int out = widths[layer + 1];
            int blockRows = block.length / out;
            for (int row = 0; row < Math.min(rows, blockRows); row++) {
                System.arraycopy(parameters, biasAt(layer), blockBias, row * out, out);
            }
            for (int row = 0; row < rows; row += blockRows) {
                int to = Math.min(rows, row + blockRows);
                if (sparse) {
                    sparseForward(batch, z[0], row, to);
                    System.arraycopy(z[0], row * out, block, 0, (to - row) * out);
                } else {
                    takeScores(layer, row, to);
                }
                if (layer + 1 < layers) {
                    activate(layer, row, to, training && network.dropout() > 0, dropoutSeed);
                }
            }
        }
    }

    /** Pre-activations of rows [from, to) from the product; they are in the block too. */
    private void takeScores(int layer, int from, int to) {
        int at = from * widths[layer + 1];
        int length = to * widths[layer + 1] - at;
        nativeOut.get(at, block, 0, length);
        addTo(block, blockBias, length);
        System.arraycopy(block, 0, z[layer], at, length);
    }

    private static void addTo(float[] target, float[] more, int length) {
        for (int i = 0; i < length; i++) {
            target[i] += more[i];
        }
    }

    /** The next layer's input from the pre-activations in the block, of rows [from, to). */
    private void activate(int layer, int from, int to, boolean drops, long dropoutSeed) {
        int at = from * widths[layer + 1];
        int length = to * widths[layer + 1] - at;
        Activations.apply(network.activation(), block, length);
        if (drops) {
            Activations.drop(block, length, dropoutSeed, layer, at, network.dropout());
        }
        nativeInputs[layer + 1].put(at, block, 0, length);
    }

    /** The native input of a layer; that of the first is put there, and grows when the first dense batch shows its need. */
    private FloatPointer input(int layer, Selection batch) {
        if (layer == 0) {
            long needed = (long) rowsMax * widths[0];
            if (nativeInputs[0].pointer().capacity() < needed) {
                nativeInputs[0].close();
                nativeInputs[0] = new NativeFloats(needed);
            }
            putRows(batch);
        }
        return nativeInputs[layer].pointer();
    }

    private void putRows(Selection batch) {
        int width = widths[0];
        if (batch.isWhole()) {
            nativeInputs[0].put(0, Objects.requireNonNull(batch.chunk(0).dense()), 0, batch.rows() * width);
            return;
        }
        for (int row = 0; row < batch.rows(); row++) {
            float[] source = Objects.requireNonNull(batch.chunk(row).dense());
            nativeInputs[0].put(row * width, source, batch.row(row) * width, width);
        }
    }

    private void sparseForward(Selection batch, float[] target, int from, int to) {
        int out = widths[1];
        int biasAt = biasAt(0);
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
                target[row] = sum;
                continue;
            }
            int at = row * out;
            System.arraycopy(parameters, biasAt, target, at, out);
            for (int entry = starts[batch.row(row)]; entry < end; entry++) {
                float value = values[entry];
                int weight = indices[entry] * out;
                for (int j = 0; j < out; j++) {
                    target[at + j] += value * parameters[weight + j];
                }
            }
        }
    }

    /** Turns the scores of rows [from, to) into the gradient with respect to them, and adds their loss in row order. */
    private void lossAndDelta(Selection batch, int from, int to) {
        int outputs = network.outputs();
        float[] last = z[layers - 1];
        Loss function = network.loss();
        double weights = weightTotal;
        double loss = lossTotal;
        for (int row = from; row < to; row++) {
            float weight = batch.weight(row);
            weights += weight;
            loss += weight * function.replaceByGradient(last, row * outputs, outputs, batch.label(row), weight);
        }
        weightTotal = weights;
        lossTotal = loss;
    }

    private void backward(Selection batch, long dropoutSeed, float[] gradient, LossSum loss, Network.Ready ready) {
        int rows = batch.rows();
        int outputs = network.outputs();
        int last = biasAt(layers - 1);
        Arrays.fill(gradient, last, last + outputs, 0f);
        addBiasGradient(z[layers - 1], 0, rows, outputs, gradient, last);
        nativeOut.put(0, z[layers - 1], 0, rows * outputs);
        for (int layer = layers - 1; layer > 0 || !batch.isSparse(); layer--) {
            int in = widths[layer];
            int out = widths[layer + 1];
            Kernel.gemm(
                    true,
                    false,
                    in,
                    out,
                    rows,
                    nativeInputs[layer].pointer(),
                    nativeOut.pointer(),
                    nativeGradient.pointer());
            nativeGradient.get(0, gradient, weightAt[layer], in * out);
            ready.ready(loss, weightAt[layer], biasAt(layer) + out);
            if (layer == 0) {
                return;
            }
            // The layer's input is no longer needed: its buffer takes the gradient with respect to it.
            Kernel.gemm(
                    false,
                    true,
                    rows,
                    in,
                    out,
                    nativeOut.pointer(),
                    nativeWeights[layer],
                    nativeInputs[layer].pointer());
            propagate(layer - 1, batch, dropoutSeed, gradient);
        }
        Arrays.fill(gradient, weightAt[0], biasAt(0), 0f);
        addSparseGradient(batch, sparseDelta, 0, rows, gradient);
        ready.ready(loss, 0, biasAt(0) + widths[1]);
    }

    /** From the gradient with respect to a layer's output to that with respect to its pre-activations, and to its bias. */
    private void propagate(int layer, Selection batch, long dropoutSeed, float[] gradient) {
        int out = widths[layer + 1];
        int rows = batch.rows();
        int blockRows = block.length / out;
        boolean sparse = layer == 0 && batch.isSparse();
        if (sparse && sparseDelta.length < rows * out) {
            sparseDelta = new float[rowsMax * out];
        }
        Arrays.fill(gradient, biasAt(layer), biasAt(layer) + out, 0f);
        for (int row = 0; row < rows; row += blockRows) {
            int count = Math.min(blockRows, rows - row);
            int at = row * out;
            nativeInputs[layer + 1].get(at, block, 0, count * out);
            if (network.dropout() > 0) {
                Activations.drop(block, count * out, dropoutSeed, layer, at, network.dropout());
            }
            System.arraycopy(z[layer], at, blockScores, 0, count * out);
            Activations.timesDerivative(network.activation(), blockScores, block, count * out);
            addBiasGradient(block, 0, count, out, gradient, biasAt(layer));
            if (sparse) {
                System.arraycopy(block, 0, sparseDelta, at, count * out);
            } else {
                nativeOut.put(at, block, 0, count * out);
            }
        }
    }

    private void addBiasGradient(float[] delta, int fromRow, int toRow, int out, float[] gradient, int biasAt) {
        if (out < COPIED_MIN) {
            for (int row = fromRow; row < toRow; row++) {
                for (int j = 0; j < out; j++) {
                    gradient[biasAt + j] += delta[row * out + j];
                }
            }
            return;
        }
        System.arraycopy(gradient, biasAt, rowSum, 0, out);
        for (int row = fromRow; row < toRow; row++) {
            System.arraycopy(delta, row * out, blockRow, 0, out);
            addTo(rowSum, blockRow, out);
        }
        System.arraycopy(rowSum, 0, gradient, biasAt, out);
    }

    private void addSparseGradient(Selection batch, float[] delta, int fromRow, int toRow, float[] gradient) {
        int out = widths[1];
        for (int row = fromRow; row < toRow; row++) {
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

    @Override
    public void close() {
        closed = true;
        nativeParameters.close();
        nativeOut.close();
        nativeGradient.close();
        for (NativeFloats input : nativeInputs) {
            input.close();
        }
    }
}
