package dev.sampo.bench.limit;

import dev.sampo.model.kernel.Kernel;
import dev.sampo.model.kernel.NativeFloats;
import java.util.SplittableRandom;

/**
 * The matrix products of one gradient of a stack of dense layers and nothing else, on buffers that stay: what a step can't be
 * faster than. Not thread-safe.
 */
public final class GemmChain implements AutoCloseable {
    private final int[] widths;
    private final int rows;
    /** Activation [rows, widths[i]] for i up to the scores; the deltas of the backward pass take their place. */
    private final NativeFloats[] activations;

    private final NativeFloats[] weights;
    private final NativeFloats[] gradients;

    /**
     * @param widths inputs, hidden layers, outputs
     * @param rows of the mini-batch
     */
    public GemmChain(int[] widths, int rows) {
        this.widths = widths.clone();
        this.rows = rows;
        SplittableRandom random = new SplittableRandom(1);
        activations = new NativeFloats[widths.length];
        weights = new NativeFloats[widths.length - 1];
        gradients = new NativeFloats[widths.length - 1];
        for (int i = 0; i < widths.length; i++) {
            activations[i] = filled(random, (long) rows * widths[i]);
        }
        for (int layer = 0; layer < weights.length; layer++) {
            long size = (long) widths[layer] * widths[layer + 1];
            weights[layer] = filled(random, size);
            gradients[layer] = new NativeFloats(size);
        }
    }

    /** Small irregular numbers: products of zeros or denormals would take another time. */
    private static NativeFloats filled(SplittableRandom random, long length) {
        NativeFloats floats = new NativeFloats(length);
        for (long i = 0; i < length; i++) {
            floats.pointer().put(i, (float) (0.1 * random.nextDouble() - 0.05));
        }
        return floats;
    }

    /** One forward and backward pass: for each layer scores, weight gradient, and but for the first the input's gradient. */
    public void run() {
        int layers = weights.length;
        for (int layer = 0; layer < layers; layer++) {
            gemm(
                    false,
                    false,
                    rows,
                    widths[layer + 1],
                    widths[layer],
                    activations[layer],
                    weights[layer],
                    activations[layer + 1]);
        }
        for (int layer = layers - 1; layer >= 0; layer--) {
            gemm(
                    true,
                    false,
                    widths[layer],
                    widths[layer + 1],
                    rows,
                    activations[layer],
                    activations[layer + 1],
                    gradients[layer]);
            if (layer > 0) {
                gemm(
                        false,
                        true,
                        rows,
                        widths[layer],
                        widths[layer + 1],
                        activations[layer + 1],
                        weights[layer],
                        activations[layer]);
            }
        }
    }

    private static void gemm(
            boolean transposeA,
            boolean transposeB,
            int m,
            int n,
            int k,
            NativeFloats a,
            NativeFloats b,
            NativeFloats c) {
        Kernel.gemm(transposeA, transposeB, m, n, k, a.pointer(), b.pointer(), c.pointer());
    }

    @Override
    public void close() {
        for (NativeFloats[] owned : new NativeFloats[][] {activations, weights, gradients}) {
            for (NativeFloats each : owned) {
                each.close();
            }
        }
    }
}
