package dev.sampo.trainer.job;

import dev.sampo.trainer.spec.EarlyStoppingSpec;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which epoch's model is kept, and whether to stop early: training ends when the metric has not improved by more than
 * {@code minDelta} for {@code patience} epochs. Without a metric the last epoch is kept. Pure.
 */
final class BestEpoch {
    private static final Set<String> SMALLER_IS_BETTER = Set.of("loss", "logloss", "rmse", "mae", "trainLoss");
    private final @Nullable String metric;
    private final int patience;
    private final double minDelta;
    private int best = -1;
    private double bestValue = Double.NaN;
    private int last = -1;

    BestEpoch(@Nullable String metric, int patience, double minDelta) {
        this.metric = metric;
        this.patience = patience;
        this.minDelta = minDelta;
    }

    /** As the spec says, before the first epoch. */
    static BestEpoch of(@Nullable EarlyStoppingSpec spec) {
        return spec == null
                ? new BestEpoch(null, 0, 0)
                : new BestEpoch(spec.metric(), spec.patienceOrDefault(), spec.minDeltaOrDefault());
    }

    /** Takes an epoch's metrics; an error names the known metrics if the one to watch is not among them. */
    void add(int epoch, Map<String, Object> metrics) {
        last = epoch;
        if (metric == null) {
            best = epoch;
            return;
        }
        if (!(metrics.get(metric) instanceof Number number)) {
            throw new IllegalArgumentException("training.earlyStopping.metric: \"" + metric
                    + "\" is not measured; there are " + String.join(", ", metrics.keySet()));
        }
        double value = number.doubleValue();
        double gain = SMALLER_IS_BETTER.contains(metric) ? bestValue - value : value - bestValue;
        if (best < 0 || gain > minDelta) {
            best = epoch;
            bestValue = value;
        }
    }

    boolean shouldStop() {
        return metric != null && last - best >= patience;
    }

    /** The epoch to publish, 0-based, or -1 before the first. */
    int best() {
        return best;
    }
}
