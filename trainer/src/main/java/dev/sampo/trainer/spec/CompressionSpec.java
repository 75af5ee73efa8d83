package dev.sampo.trainer.spec;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sampo.model.spec.Problems;
import dev.sampo.parameter.compression.Compression;
import dev.sampo.parameter.compression.Compression.Method;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What gradients lose before they travel; in the spec a mapping, or just the method.
 *
 * @param method none, float16, bfloat16 or topk
 * @param ratio topk: the share of each layer's elements that a rank sends at a step, above 0 to 1; 0.01 by default
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record CompressionSpec(Method method, @Nullable Double ratio) {
    private static final double RATIO = 0.01;

    @JsonCreator(mode = JsonCreator.Mode.PROPERTIES)
    public CompressionSpec(
            @JsonProperty("method") @Nullable Method method, @JsonProperty("ratio") @Nullable Double ratio) {
        this.method = method == null ? Method.NONE : method;
        this.ratio = ratio;
    }

    /** The method and nothing else. */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static CompressionSpec of(String method) {
        return new CompressionSpec(Method.valueOf(method.toUpperCase(Locale.ROOT)), null);
    }

    void check(String path, boolean synchronous, @Nullable CheckpointSpec checkpoint, Problems problems) {
        problems.check(ratio == null || ratio > 0 && ratio <= 1, path + ".ratio", "must be > 0 and ≤ 1, was " + ratio);
        problems.check(ratio == null || method == Method.TOPK, path + ".ratio", "only with method topk");
        problems.check(
                method != Method.TOPK || synchronous,
                path + ".method",
                "topk needs synchronous steps (consistency bsp); float16 and bfloat16 go with every consistency");
        problems.check(
                method != Method.TOPK || checkpoint == null || checkpoint.everyMinutes() == null,
                path + ".method",
                "topk sends what it kept at the step before each checkpoint, so their steps must be known before: give"
                        + " checkpoint.everySteps, not everyMinutes");
    }

    /** What shards and workers are told. */
    public Compression plan() {
        return method == Method.NONE
                ? Compression.NONE
                : new Compression(method, method != Method.TOPK ? 1 : ratio == null ? RATIO : ratio);
    }
}
