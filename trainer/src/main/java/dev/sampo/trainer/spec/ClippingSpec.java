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
        problems.check(norm == null || norm > 0, path + ".norm", "must be > 0, was " + norm);
        problems.check(value == null || value > 0, path + ".value", "must be > 0, was " + value);
        problems.check((norm == null) != (value == null), path, "give norm or value");
    }
}
