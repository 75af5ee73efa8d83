package dev.sampo.parameter.shard;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * How far the ranks of a job may be apart.
 *
 * <p>{@code BSP}: a step applies the sum over all ranks at once. {@code SSP}: each rank's gradient is applied on its own as
 * it comes, and a rank at clock c reads values that hold every rank's contributions to the clocks before c - staleness
 * (Q. Ho et al., "More Effective Distributed ML via a Stale Synchronous Parallel Parameter Server", 2013, section 2).
 * {@code ASP}: the same without that bound. An epoch's end is a barrier in all of them.
 *
 * @param staleness clocks, 0 or more; only with SSP, where 0 means BSP, which is what SSP without staleness demands
 * @param scaleLearningRate whether a gradient computed on values that τ > 1 updates came after counts 1/τ (W. Zhang et al.,
 *     "Staleness-aware Async-SGD for Distributed Deep Learning", 2016, equation 6)
 */
public record Consistency(Mode mode, int staleness, boolean scaleLearningRate) {
    /** The kinds. */
    public enum Mode {
        @JsonProperty("bsp")
        BSP,
        @JsonProperty("ssp")
        SSP,
        @JsonProperty("asp")
        ASP
    }

    /** Every rank at the same clock. */
    public static final Consistency SYNCHRONOUS = new Consistency(Mode.BSP, 0, false);

    /** Whether steps are synchronous rounds, so that the result is the same bits on any cluster (invariant I1). */
    public boolean synchronous() {
        return mode == Mode.BSP || mode == Mode.SSP && staleness == 0;
    }

    /** Whether a rank that is to compute for {@code clock} may read while the slowest rank is at {@code slowest}. */
    boolean mayRead(long clock, long slowest) {
        return mode == Mode.ASP || slowest >= clock - staleness;
    }

    /** What the learning rate is multiplied by for a gradient that {@code behind} updates came between. */
    float rateFactor(long behind) {
        return scaleLearningRate && behind > 1 ? 1f / behind : 1f;
    }
}
