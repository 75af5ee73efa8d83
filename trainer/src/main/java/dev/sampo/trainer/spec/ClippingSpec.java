package dev.sampo.trainer.spec;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sampo.model.spec.Problems;
import org.jspecify.annotations.Nullable;

/**
 * Bounds on the mean gradient of a step.
 *
 * @param norm largest L2 norm of the whole gradient, above 0
 * @param value largest magnitude of one element, above 0
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ClippingSpec(@Nullable Double norm, @Nullable Double value) {
    void check(String path, Problems problems) {
        positive(path + ".norm", norm, problems);
        positive(path + ".value", value, problems);
        problems.check((norm == null) != (value == null), path, "give norm or value");
    }

    private static void positive(String path, @Nullable Double bound, Problems problems) {
        problems.check(
                bound == null || bound > 0 && Double.isFinite(bound), path, "must be > 0 and finite, was " + bound);
    }
}
