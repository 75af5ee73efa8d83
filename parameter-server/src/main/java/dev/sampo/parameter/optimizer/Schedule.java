package dev.sampo.parameter.optimizer;

import org.jspecify.annotations.Nullable;

/** The factor on the learning rate at each step; the same bits on every machine. Immutable. */
public final class Schedule {
    private final ScheduleSpec spec;
    private final long totalSteps;

    private Schedule(ScheduleSpec spec, long totalSteps) {
        this.spec = spec;
        this.totalSteps = totalSteps;
    }

    /** The schedule over a job of that many steps; constant if the spec is null. */
    public static Schedule of(@Nullable ScheduleSpec spec, long totalSteps) {
        return new Schedule(spec == null ? new ScheduleSpec(null, null, null, null, null) : spec, totalSteps);
    }

    /** The factor at a step, counted from 0: warm-up times decay, the decay counted from the end of the warm-up. */
    public float factor(long step) {
        int warmup = spec.warmup();
        if (step < warmup) {
            return (float) ((step + 1.0) / warmup);
        }
        long since = step - warmup;
        double factor = switch (spec.typeOrDefault()) {
            case "step" -> StrictMath.pow(spec.factorOrDefault(), Math.floorDiv(since, (long) spec.every()));
            case "exponential" -> StrictMath.pow(spec.factorOrDefault(), (double) since / spec.every());
            case "cosine" -> cosine(since);
            // Vaswani et al., "Attention Is All You Need", 2017, eq. 3: flat until the warm-up's length.
            case "inverseSqrt" -> StrictMath.sqrt((double) Math.max(1, warmup) / Math.max(1, step + 1));
            default -> 1;
        };
        return (float) factor;
    }

    /** Loshchilov and Hutter, "SGDR", 2017, eq. 5, without restarts. */
    private double cosine(long since) {
        double progress = Math.min(1, (double) since / Math.max(1, totalSteps - spec.warmup()));
        return spec.floor() + (1 - spec.floor()) * 0.5 * (1 + StrictMath.cos(StrictMath.PI * progress));
    }
}
