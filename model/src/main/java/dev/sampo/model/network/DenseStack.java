package dev.sampo.model.network;

import dev.sampo.model.data.Batch;
import dev.sampo.model.data.Selection;
import dev.sampo.model.kernel.Kernel;
import dev.sampo.model.kernel.NativeFloats;
import java.util.Arrays;
import java.util.Objects;
import org.bytedeco.javacpp.FloatPointer;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Network.Lane}: matrix products on native buffers, everything else in plain loops over arrays, nothing allocated for
 * a step. The first layer takes sparse batches by loops of its own ({@link SparseLayer}). A lane's batches are all dense or all
 * sparse, as its first one.
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
    /** Per layer: [out]. */
    private final float[][] biases;
    /** Per layer: where its weight begins. */
    private final int[] weightAt;

    /** Per layer: [in, out], what the matrix products read; the first one's is empty where batches are sparse. */
    private final NativeFloats[] nativeWeights;
    /** The first layer where batches are sparse. */
    private @Nullable SparseLayer sparse;

    private boolean denseSeen;
    /** Input of each layer, native: [rows, widths[layer]]. */
    private final NativeFloats[] nativeInputs;

    /** What a product gives, and then what the gradient with respect to it is: [rows, width of the layer at work]. */
    private final NativeFloats nativeOut;

    /** Of the weight of the layer at work; grows. */
    private NativeFloats nativeGradient;
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
    /** Of the scores of some rows. */
    private final double[] exponentials;
    /** Of the first layer, [rows, widths[1]]: where sparse batches meet several layers. */
    private float[] sparseDelta = new float[0];

    private final PairedGradient paired = new PairedGradient();

    /** Of the rows of the batch so far. */
    private double lossTotal;

    private double weightTotal;
    private boolean closed;

    DenseStack(Network network, int rowsMax) {
        this.network = network;
        this.rowsMax = rowsMax;
        widths = network.widths();
        layers = widths.length - 1;
        biases = new float[layers][];
        weightAt = new int[layers];
        nativeWeights = new NativeFloats[layers];
        nativeInputs = new NativeFloats[layers];
        z = new float[layers][];
        int widest = 0;
        for (int layer = 0; layer < layers; layer++) {
            weightAt[layer] = network.tensors().get(2 * layer).offset();
            biases[layer] = new float[widths[layer + 1]];
            nativeWeights[layer] = new NativeFloats((long) widths[layer] * widths[layer + 1]);
            nativeInputs[layer] = new NativeFloats((long) rowsMax * (layer == 0 ? 1 : widths[layer]));
            z[layer] = new float[size(rowsMax, widths[layer + 1])];
            widest = Math.max(widest, widths[layer + 1]);
        }
        for (int layer = 1; layer < layers; layer++) {
            widest = Math.max(widest, widths[layer]);
        }
        nativeOut = new NativeFloats((long) rowsMax * widest);
        nativeGradient = new NativeFloats(0);
        block = new float[Math.max(BLOCK_ELEMENTS, widest)];
        blockScores = new float[block.length];
        blockBias = new float[block.length];
        blockRow = new float[widest];
        rowSum = new float[widest];
        exponentials = new double[Math.max(BLOCK_ELEMENTS, network.outputs())];
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
        int end = parameterOffset + length;
        for (int layer = 0; layer < layers; layer++) {
            int biasAt = biasAt(layer);
            int biasEnd = biasAt + widths[layer + 1];
            int from = Math.max(parameterOffset, weightAt[layer]);
            int shift = sourceOffset - parameterOffset;
            if (layer == 0 && sparse != null) {
                if (from < Math.min(end, biasEnd)) {
                    sparse.load(source, shift + from, from, Math.min(end, biasEnd) - from);
                }
            } else if (from < Math.min(end, biasAt)) {
                nativeWeights[layer].put(from - weightAt[layer], source, shift + from, Math.min(end, biasAt) - from);
            }
            from = Math.max(parameterOffset, biasAt);
            if (from < Math.min(end, biasEnd)) {
                System.arraycopy(source, shift + from, biases[layer], from - biasAt, Math.min(end, biasEnd) - from);
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
        if (layers == 1 && sparse instanceof NarrowSparseLayer narrow) {
            return sparseLinear(narrow, batch, gradient, ready);
        }
        run(batch, true, dropoutSeed);
        lossAndDelta(batch, 0, batch.rows());
        LossSum loss = new LossSum(batch.rows(), weightTotal, lossTotal);
        backward(batch, dropoutSeed, gradient, loss, ready);
        return loss;
    }

    /** Scores, loss and gradient block by block, since a batch is larger than a cache; the bits of doing each for all rows. */
    private LossSum sparseLinear(NarrowSparseLayer layer, Selection batch, float[] gradient, Network.Ready ready) {
        int rows = batch.rows();
        if (PairedGradient.pays(network.parameterCount(), widths[1], rows)) {
            pairedLinear(layer, batch, gradient);
        } else {
            plainLinear(layer, batch, gradient);
        }
        LossSum loss = new LossSum(rows, weightTotal, lossTotal);
        ready.ready(loss, 0, network.parameterCount());
        return loss;
    }

    private void plainLinear(NarrowSparseLayer layer, Selection batch, float[] gradient) {
        int rows = batch.rows();
        Arrays.fill(gradient, 0, network.parameterCount(), 0f);
        for (int from = 0; from < rows; from += BLOCK_ROWS) {
            int to = Math.min(rows, from + BLOCK_ROWS);
            layer.scores(batch, z[0], from, to);
            lossAndDelta(batch, from, to);
            addBiasGradient(z[0], from, to, widths[1], gradient, biasAt(0));
            layer.addGradient(batch, z[0], from, to, gradient);
        }
    }

    private void pairedLinear(NarrowSparseLayer layer, Selection batch, float[] gradient) {
        int rows = batch.rows();
        paired.begin(layer.parameters());
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
        if (batch.isSparse() ? denseSeen : sparse != null) {
            throw new IllegalArgumentException("a lane takes dense or sparse batches, not both; its first one was "
                    + (denseSeen ? "dense" : "sparse"));
        }
        if (batch.isSparse() && sparse == null) {
            sparse = takeFirstLayer();
        }
        denseSeen |= !batch.isSparse();
    }

    /** The first layer with the parameters it has; no matrix product needs them from now on. */
    private SparseLayer takeFirstLayer() {
        SparseLayer first = SparseLayer.of(widths[0], widths[1]);
        float[] weight = new float[biasAt(0)];
        nativeWeights[0].get(0, weight, 0, weight.length);
        first.load(weight, 0, 0, weight.length);
        first.load(biases[0], 0, weight.length, widths[1]);
        nativeWeights[0].close();
        nativeWeights[0] = new NativeFloats(0);
        return first;
    }

    private void run(Selection batch, boolean training, long dropoutSeed) {
        int rows = batch.rows();
        for (int layer = 0; layer < layers; layer++) {
            SparseLayer first = layer == 0 ? sparse : null;
            int out = widths[layer + 1];
            int blockRows = block.length / out;
            if (first == null) {
                FloatPointer input = input(layer, batch);
                Kernel.gemm(
                        false,
                        false,
                        rows,
                        out,
                        widths[layer],
                        input,
                        nativeWeights[layer].pointer(),
                        nativeOut.pointer());
                for (int row = 0; row < Math.min(rows, blockRows); row++) {
                    System.arraycopy(biases[layer], 0, blockBias, row * out, out);
                }
            } else {
                first.scores(batch, z[0], training);
            }
            for (int row = 0; row < rows; row += blockRows) {
                int to = Math.min(rows, row + blockRows);
                if (first != null) {
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

    /** Turns the scores of rows [from, to) into the gradient with respect to them, and adds their loss in row order. */
    private void lossAndDelta(Selection batch, int from, int to) {
        int outputs = network.outputs();
        float[] last = z[layers - 1];
        Loss function = network.loss();
        double weights = weightTotal;
        double loss = lossTotal;
        int blockRows = exponentials.length / outputs;
        for (int begin = from; begin < to; begin += blockRows) {
            int end = Math.min(to, begin + blockRows);
            function.exponentials(last, begin * outputs, end - begin, outputs, exponentials);
            for (int row = begin; row < end; row++) {
                float weight = batch.weight(row);
                weights += weight;
                double ofRow = function.replaceByGradient(
                        last, row * outputs, outputs, batch.label(row), weight, exponentials, (row - begin) * outputs);
                loss += weight * ofRow;
            }
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
        for (int layer = layers - 1; layer > 0 || sparse == null; layer--) {
            int in = widths[layer];
            int out = widths[layer + 1];
            if (nativeGradient.pointer().capacity() < (long) in * out) {
                nativeGradient.close();
                nativeGradient = new NativeFloats((long) in * out);
            }
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
                    nativeWeights[layer].pointer(),
                    nativeInputs[layer].pointer());
            propagate(layer - 1, rows, dropoutSeed, gradient);
        }
        sparse.gradient(batch, layers == 1 ? z[0] : sparseDelta, gradient);
        ready.ready(loss, 0, biasAt(0) + widths[1]);
    }

    /** From the gradient with respect to a layer's output to that with respect to its pre-activations, and to its bias. */
    private void propagate(int layer, int rows, long dropoutSeed, float[] gradient) {
        int out = widths[layer + 1];
        int blockRows = block.length / out;
        boolean toSparse = layer == 0 && sparse != null;
        if (toSparse && sparseDelta.length < rows * out) {
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
            if (toSparse) {
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

    @Override
    public void close() {
        closed = true;
        nativeOut.close();
        nativeGradient.close();
        for (int layer = 0; layer < layers; layer++) {
            nativeWeights[layer].close();
            nativeInputs[layer].close();
        }
    }
}
