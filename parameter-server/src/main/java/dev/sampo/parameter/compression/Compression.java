package dev.sampo.parameter.compression;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * What a gradient loses before it travels. It changes the model, but as a function of the job alone: a sum of ranks is rounded
 * at every node of the tree over ranks, so it is the same bits wherever it is computed (invariant I1), and a rank's part of a
 * top-k sum is chosen from that rank's own gradients.
 *
 * @param ratio TOPK: the share of each layer's elements that a rank sends at a step, above 0 to 1; otherwise 1
 */
public record Compression(Method method, double ratio) {
    /** The kinds. */
    public enum Method {
        @JsonProperty("none")
        NONE,
        /** IEEE 754 binary16: 11 significant bits, magnitudes to 65504. */
        @JsonProperty("float16")
        FLOAT16,
        /** The upper half of a binary32: 8 significant bits, its range. */
        @JsonProperty("bfloat16")
        BFLOAT16,
        /** The largest elements of each layer; the rest is kept for later steps ({@link Residuals}). */
        @JsonProperty("topk")
        TOPK
    }

    public static final Compression NONE = new Compression(Method.NONE, 1);

    /** How a sum of compressed gradients travels without losing more. */
    public Packing packing() {
        return switch (method) {
            case NONE -> Packing.FLOAT32;
            case FLOAT16 -> Packing.FLOAT16;
            case BFLOAT16 -> Packing.BFLOAT16;
            case TOPK -> Packing.SPARSE;
        };
    }

    /** Whether sums of numbers are rounded. */
    public boolean rounds() {
        return method == Method.FLOAT16 || method == Method.BFLOAT16;
    }

    /** Whether a rank keeps what it has not sent. */
    public boolean keepsResiduals() {
        return method == Method.TOPK;
    }

    /** Rounds elements [from, to) in place, to nearest and ties to even; changes nothing unless the method {@link #rounds}. */
    public void round(float[] values, int from, int to) {
        if (method == Method.FLOAT16) {
            for (int i = from; i < to; i++) {
                values[i] = ShortFloats.toFloat16(values[i]);
            }
        } else if (method == Method.BFLOAT16) {
            for (int i = from; i < to; i++) {
                values[i] = ShortFloats.toBfloat16(values[i]);
            }
        }
    }
}
