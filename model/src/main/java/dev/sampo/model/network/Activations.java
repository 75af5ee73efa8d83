package dev.sampo.model.network;

import dev.sampo.model.kernel.Elementary;

/** The activations between layers, elementwise, the same bits on every machine. */
final class Activations {
    private static final double GELU_A = 0.7978845608028654;
    private static final double GELU_B = 0.044715;

    private Activations() {}

    /**
     * z[i] = activation(z[i]). Gelu is the tanh form of Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016.
     */
    static void apply(String activation, float[] z, int length) {
        switch (activation) {
            case "relu" -> {
                for (int i = 0; i < length; i++) {
                    z[i] = Math.max(z[i], 0f);
                }
            }
            case "tanh" -> {
                for (int i = 0; i < length; i++) {
                    z[i] = (float) Elementary.tanh(z[i]);
                }
            }
            case "sigmoid" -> {
                for (int i = 0; i < length; i++) {
                    z[i] = (float) Elementary.sigmoid(z[i]);
                }
            }
            case "gelu" -> {
                for (int i = 0; i < length; i++) {
                    double x = z[i];
                    z[i] = (float) (x * Elementary.sigmoid(2 * GELU_A * (x + GELU_B * x * x * x)));
                }
            }
            default -> throw new IllegalArgumentException("unknown activation \"" + activation + "\"");
        }
    }

    /** delta[i] *= activation'(z[i]). */
    static void timesDerivative(String activation, float[] z, float[] delta, int length) {
        switch (activation) {
            case "relu" -> {
                // 1 where z > 0 and 0 elsewhere, without a branch that would be mispredicted half the time.
                for (int i = 0; i < length; i++) {
                    delta[i] *= Math.min(Math.max(z[i], 0f) * Float.MAX_VALUE, 1f);
                }
            }
            case "tanh" -> {
                for (int i = 0; i < length; i++) {
                    double t = Elementary.tanh(z[i]);
                    delta[i] *= (float) (1 - t * t);
                }
            }
            case "sigmoid" -> {
                for (int i = 0; i < length; i++) {
                    double s = Elementary.sigmoid(z[i]);
                    delta[i] *= (float) (s * (1 - s));
                }
            }
            case "gelu" -> {
                for (int i = 0; i < length; i++) {
                    double x = z[i];
                    double s = Elementary.sigmoid(2 * GELU_A * (x + GELU_B * x * x * x));
                    double inner = 2 * GELU_A * (1 + 3 * GELU_B * x * x);
                    delta[i] *= (float) (s + x * s * (1 - s) * inner);
                }
            }
            default -> throw new IllegalArgumentException("unknown activation \"" + activation + "\"");
        }
    }

    /**
     * Zeroes a share of the elements and scales the rest by 1 / (1 - share) (Srivastava et al., "Dropout", 2014, inverted). The
     * choice is a hash of (seed, layer, element), so the backward pass makes it again.
     *
     * @param element the number of {@code values[0]} among the layer's
     */
    static void drop(float[] values, int length, long seed, int layer, int element, double share) {
        long threshold = (long) (share * (1L << 53));
        float scale = (float) (1 / (1 - share));
        long base = seed + (layer + 1) * 0x9E3779B97F4A7C15L;
        for (int i = 0; i < length; i++) {
            long h = base + (element + i) * 0xD1B54A32D192ED03L;
            h = (h ^ h >>> 32) * 0xDABA0B6EB09322E3L;
            h = (h ^ h >>> 32) * 0xDABA0B6EB09322E3L;
            h ^= h >>> 32;
            values[i] = h >>> 11 < threshold ? 0f : values[i] * scale;
        }
    }
}
