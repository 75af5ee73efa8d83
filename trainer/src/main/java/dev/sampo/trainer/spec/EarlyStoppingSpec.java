package dev.sampo.trainer.spec;

import dev.sampo.model.spec.Problems;
import org.jspecify.annotations.Nullable;

/**
 * When training ends before its last epoch; the best epoch's model is kept.
 *
 * @param metric a validation metric such as loss, accuracy, auc; loss by default
 * @param patience epochs without a gain, at least 1; 3 by default
 * @param minDelta what counts as a gain, 0 or more
 */
public record EarlyStoppingSpec(
        @Nullable String metric,
        @Nullable Integer patience,
        @Nullable Double minDelta) {
    public EarlyStoppingSpec {
        metric = metric == null ? "loss" : metric;
    }

    public int patienceOrDefault() {
        return patience == null ? 3 : patience;
    }

    public double minDeltaOrDefault() {
        return minDelta == null ? 0 : minDelta;
    }

    void check(String path, Problems problems) {
        problems.check(patienceOrDefault() >= 1, path + ".patience", "must be ≥ 1, was " + patience);
        problems.check(
                minDeltaOrDefault() >= 0 && Double.isFinite(minDeltaOrDefault()),
                path + ".minDelta",
                "must be ≥ 0, was " + minDelta);
    }
}
