package dev.sampo.parameter.optimizer;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sampo.model.spec.Problems;
import org.jspecify.annotations.Nullable;

/**
 * Penalties on the weights (not the biases), added to the mean loss: l1 * sum |w| + l2 / 2 * sum w^2. FTRL has its own.
 *
 * @param l1 0 or more; applied by subgradient
 * @param l2 0 or more
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RegularizationSpec(
        @Nullable Double l1, @Nullable Double l2) {
    public double l1OrZero() {
        return l1 == null ? 0 : l1;
    }

    public double l2OrZero() {
        return l2 == null ? 0 : l2;
    }

    public void check(String path, Problems problems) {
        problems.check(l1OrZero() >= 0 && Double.isFinite(l1OrZero()), path + ".l1", "must be ≥ 0, was " + l1);
        problems.check(l2OrZero() >= 0 && Double.isFinite(l2OrZero()), path + ".l2", "must be ≥ 0, was " + l2);
    }
}
