package dev.sampo.trainer.spec;

import dev.sampo.model.spec.Problems;
import org.jspecify.annotations.Nullable;

/**
 * Checkpoints beside those at every epoch's end.
 *
 * @param everySteps at multiples of this many steps, at least 1
 * @param everyMinutes when the last one is this old, more than 0; where exactly does not change the result
 */
public record CheckpointSpec(
        @Nullable Long everySteps, @Nullable Double everyMinutes) {
    void check(String path, Problems problems) {
        problems.check(everySteps == null || everySteps >= 1, path + ".everySteps", "must be ≥ 1, was " + everySteps);
        problems.check(
                everyMinutes == null || everyMinutes > 0 && everyMinutes <= 1e6,
                path + ".everyMinutes",
                "must be > 0 and ≤ 1000000, was " + everyMinutes);
    }

    /** The time in ms, or 0 for none. */
    public long everyMs() {
        return everyMinutes == null ? 0 : Math.max(1, Math.round(everyMinutes * 60_000));
    }
}
