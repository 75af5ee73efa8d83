package dev.sampo.trainer.spec;

import dev.sampo.model.spec.Problems;
import org.jspecify.annotations.Nullable;

/**
 * Checkpoints beside those at every epoch's end.
 *
 * @param everySteps at multiples of this many steps, at least 1
 */
public record CheckpointSpec(@Nullable Long everySteps) {
    void check(String path, Problems problems) {
        problems.check(everySteps == null || everySteps >= 1, path + ".everySteps", "must be ≥ 1, was " + everySteps);
    }
}
