package dev.sampo.model.network;

import dev.sampo.model.data.Batch;
import dev.sampo.model.data.Selection;
import dev.sampo.model.data.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * An architecture bound to its inputs and target: a stack of affine layers with an activation between. Linear, logistic and
 * softmax regression are the stack of one layer. Immutable; the arithmetic is in its {@link Lane}s.
 */
public final class Network {
    /**
     * One named part of the flattened parameters.
     *
     * @param shape [in, out] of a weight, row-major; [out] of a bias
     * @param offset first element in the flattened parameters
     * @param regularized whether penalties apply
     */
    public record Tensor(String name, List<Integer> shape, int offset, boolean regularized) {}

    /** Hears what of a gradient is final, while the rest is computed. */
    @FunctionalInterface
    public interface Ready {
        /** For who needs no part before the rest. */
        Ready IGNORED = (loss, from, to) -> {};

        /**
         * Elements [from, to) are final.
         *
         * @param loss of all rows
         */
        void ready(LossSum loss, int from, int to);
    }

    /** The forward and backward pass of one thread; owns native memory. */
    public interface Lane extends AutoCloseable {
        /** Copies source[sourceOffset, sourceOffset + length) to the parameters from {@code parameterOffset} on. */
        void load(float[] source, int sourceOffset, int parameterOffset, int length);

        /**
         * Overwrites {@code gradient} [parameterCount] with the sum over rows of weight * dLoss/dparameter, without penalties.
         * The parts that are final are told as they come, the last layer's first; together they are everything.
         *
         * @param dropoutSeed decides which activations are dropped; no effect without dropout
         */
        LossSum gradient(Selection batch, long dropoutSeed, float[] gradient, Ready ready);

        /** The gradient of all rows of a batch, as a whole. */
        default LossSum gradient(Batch batch, long dropoutSeed, float[] gradient) {
            return gradient(Selection.all(batch), dropoutSeed, gradient, Ready.IGNORED);
        }

        /** Writes the raw scores [rows, outputs]; nothing is dropped. */
        void forward(Batch batch, float[] scores);

        @Override
        void close();
    }

    private final ModelSpec spec;
    private final int[] widths;
    private final Loss loss;
    private final List<Tensor> tensors = new ArrayList<>();
    private final int parameterCount;

    private Network(ModelSpec spec, int[] widths, Loss loss) {
        this.spec = spec;
        this.widths = widths;
        this.loss = loss;
        int offset = 0;
        for (int layer = 0; layer + 1 < widths.length; layer++) {
            int in = widths[layer];
            int out = widths[layer + 1];
            tensors.add(new Tensor("layers." + layer + ".weight", List.of(in, out), offset, true));
            offset = Math.addExact(offset, Math.multiplyExact(in, out));
            tensors.add(new Tensor("layers." + layer + ".bias", List.of(out), offset, false));
            offset = Math.addExact(offset, out);
        }
        parameterCount = offset;
    }

    /**
     * The network of a spec.
     *
     * @param inputs number of features, at least 1
     */
    public static Network of(ModelSpec spec, int inputs, Target target) {
        if (inputs < 1) {
            throw new IllegalArgumentException("a model needs at least one feature but has " + inputs);
        }
        List<Integer> hidden = spec.hiddenOrNone();
        int[] widths = new int[hidden.size() + 2];
        widths[0] = inputs;
        for (int i = 0; i < hidden.size(); i++) {
            widths[i + 1] = hidden.get(i);
        }
        widths[widths.length - 1] = target.outputs();
        return new Network(spec, widths, Loss.of(spec.loss(), target.kind()));
    }

    public int inputs() {
        return widths[0];
    }

    public int outputs() {
        return widths[widths.length - 1];
    }

    public int parameterCount() {
        return parameterCount;
    }

    public List<Tensor> tensors() {
        return List.copyOf(tensors);
    }

    public Loss loss() {
        return loss;
    }

    int[] widths() {
        return widths;
    }

    String activation() {
        return spec.activationOrDefault();
    }

    double dropout() {
        return spec.dropoutOrZero();
    }

    /**
     * Fills the parameters a job starts from, a pure function of the seed: zeros for one layer (the loss is convex), otherwise
     * uniform weights by He et al., "Delving Deep into Rectifiers", 2015, eq. 10 for relu and gelu, and Glorot and Bengio,
     * "Understanding the difficulty of training deep feedforward neural networks", 2010, eq. 16 for the rest; zero biases.
     */
    public void initialize(long seed, float[] parameters) {
        java.util.Arrays.fill(parameters, 0, parameterCount, 0f);
        if (widths.length == 2) {
            return;
        }
        boolean rectifier = activation().equals("relu") || activation().equals("gelu");
        SplittableRandom root = new SplittableRandom(seed);
        for (Tensor tensor : tensors) {
            SplittableRandom random = root.split();
            if (tensor.regularized()) {
                int in = tensor.shape().get(0);
                int out = tensor.shape().get(1);
                double bound = rectifier ? Math.sqrt(6.0 / in) : Math.sqrt(6.0 / (in + out));
                for (int i = 0; i < in * out; i++) {
                    parameters[tensor.offset() + i] = (float) (bound * (2 * random.nextDouble() - 1));
                }
            }
        }
    }

    /** A lane for batches of at most {@code rowsMax} rows, with all parameters 0. */
    public Lane newLane(int rowsMax) {
        return new DenseStack(this, rowsMax);
    }

    /** Turns raw scores [rows, outputs] into predictions in place: a probability, a distribution, or the value itself. */
    public void scoresToPredictions(float[] scores, int rows) {
        for (int row = 0; row < rows; row++) {
            loss.predict(scores, row * outputs(), outputs());
        }
    }
}
