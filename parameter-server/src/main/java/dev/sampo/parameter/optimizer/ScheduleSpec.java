package dev.sampo.parameter.optimizer;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sampo.model.spec.Problems;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the learning rate changes over the steps.
 *
 * @param type constant, step, exponential, cosine or inverseSqrt
 * @param warmupSteps the rate rises linearly over this many first steps, 0 by default
 * @param everySteps step, exponential: the steps after which {@code factor} applies once more, 1000 by default
 * @param factor step, exponential: above 0, 0.5 by default
 * @param minFactor cosine: the factor at the end, 0 to 1, 0 by default
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ScheduleSpec(
        @Nullable String type,
        @Nullable Integer warmupSteps,
        @Nullable Integer everySteps,
        @Nullable Double factor,
        @Nullable Double minFactor) {
    private static final List<String> TYPES = List.of("constant", "step", "exponential", "cosine", "inverseSqrt");

    public String typeOrDefault() {
        return type == null ? "constant" : type;
    }

    public int warmup() {
        return warmupSteps == null ? 0 : warmupSteps;
    }

    public int every() {
        return everySteps == null ? 1000 : everySteps;
    }

    public double factorOrDefault() {
        return factor == null ? 0.5 : factor;
    }

    public double floor() {
        return minFactor == null ? 0 : minFactor;
    }

    public void check(String path, Problems problems) {
        problems.check(TYPES.contains(typeOrDefault()), path + ".type", "must be one of " + TYPES + ", was " + type);
        boolean decays = typeOrDefault().equals("step") || typeOrDefault().equals("exponential");
        belongs(path + ".everySteps", everySteps, decays, problems);
        belongs(path + ".factor", factor, decays, problems);
        belongs(path + ".minFactor", minFactor, typeOrDefault().equals("cosine"), problems);
        problems.check(warmup() >= 0, path + ".warmupSteps", "must be ≥ 0, was " + warmupSteps);
        problems.check(every() >= 1, path + ".everySteps", "must be ≥ 1, was " + everySteps);
        problems.check(
                factorOrDefault() > 0 && Double.isFinite(factorOrDefault()),
                path + ".factor",
                "must be > 0 and finite, was " + factor);
        problems.check(floor() >= 0 && floor() <= 1, path + ".minFactor", "must be ≥ 0 and ≤ 1, was " + minFactor);
    }

    private void belongs(String path, @Nullable Object value, boolean used, Problems problems) {
        problems.check(
                value == null || used || !TYPES.contains(typeOrDefault()),
                path,
                "has no meaning for the schedule " + typeOrDefault() + "; remove it");
    }
}
