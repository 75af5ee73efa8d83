package dev.sampo.trainer.spec;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sampo.model.spec.Problems;
import dev.sampo.parameter.shard.Consistency;
import dev.sampo.parameter.shard.Consistency.Mode;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How far ranks may be apart; in the spec a mapping, or just the mode.
 *
 * @param mode bsp, ssp or asp
 * @param staleness ssp: clocks that a rank may be ahead of the slowest, 0 (which is bsp) to 1000000; required there
 * @param scaleLearningRate ssp, asp: whether a gradient that τ updates came before counts 1/τ; false by default
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ConsistencySpec(
        Mode mode, @Nullable Integer staleness, @Nullable Boolean scaleLearningRate) {
    private static final int STALENESS_MAX = 1_000_000;

    @JsonCreator(mode = JsonCreator.Mode.PROPERTIES)
    public ConsistencySpec(
            @JsonProperty("mode") @Nullable Mode mode,
            @JsonProperty("staleness") @Nullable Integer staleness,
            @JsonProperty("scaleLearningRate") @Nullable Boolean scaleLearningRate) {
        this.mode = mode == null ? Mode.BSP : mode;
        this.staleness = staleness;
        this.scaleLearningRate = scaleLearningRate;
    }

    /** The mode and nothing else. */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static ConsistencySpec of(String mode) {
        return new ConsistencySpec(Mode.valueOf(mode.toUpperCase(Locale.ROOT)), null, null);
    }

    void check(String path, Problems problems) {
        if (mode == Mode.SSP) {
            problems.check(
                    staleness != null,
                    path + ".staleness",
                    "missing; how many clocks a rank may be ahead of the slowest, such as 4");
        } else {
            problems.check(staleness == null, path + ".staleness", "only with mode ssp");
        }
        problems.check(
                staleness == null || staleness >= 0 && staleness <= STALENESS_MAX,
                path + ".staleness",
                "must be 0 to " + STALENESS_MAX + ", was " + staleness);
        problems.check(
                mode != Mode.BSP || scaleLearningRate == null,
                path + ".scaleLearningRate",
                "only with mode ssp or asp; with bsp no gradient is stale");
    }

    /** What shards and workers are told. */
    public Consistency plan() {
        return new Consistency(mode, staleness == null ? 0 : staleness, scaleLearningRate != null && scaleLearningRate);
    }
}
