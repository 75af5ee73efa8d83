package dev.sampo.model.network;

import dev.sampo.model.data.Selection;

/** The first layer over compressed sparse rows: its cost follows the non-zeros. Owns the layer's parameters. Not thread-safe. */
interface SparseLayer {
    /** From so many outputs on a loop over one row of the weight is worth its call. */
    int WIDE_MIN = 32;

    /** A layer [in, out] with all parameters 0. */
    static SparseLayer of(int in, int out) {
        return out < WIDE_MIN ? new NarrowSparseLayer(in, out) : new WideSparseLayer(in, out);
    }

    /** Copies source[sourceOffset, sourceOffset + length) to the layer's parameters, weight [in, out] and bias [out], from {@code at} on. */
    void load(float[] source, int sourceOffset, int at, int length);

    /**
     * Writes the pre-activations of all rows.
     *
     * @param scores [rows, out]
     * @param training whether {@link #gradient} of the same batch follows
     */
    void scores(Selection batch, float[] scores, boolean training);

    /**
     * Overwrites the first in * out elements of {@code gradient} with that of the weight.
     *
     * @param batch the one of the last scores
     * @param delta [rows, out], the gradient with respect to the pre-activations
     */
    void gradient(Selection batch, float[] delta, float[] gradient);
}
