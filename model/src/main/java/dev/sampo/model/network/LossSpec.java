package dev.sampo.model.network;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sampo.model.spec.Problems;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which loss.
 *
 * @param type squared, huber, logistic or crossEntropy
 * @param delta huber: where the loss turns linear, above 0, 1 by default
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record LossSpec(
        @JsonProperty("type") String type,
        @JsonProperty("delta") @Nullable Double delta) {
    private static final List<String> TYPES = List.of("squared", "huber", "logistic", "crossEntropy");

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static LossSpec of(String type) {
        return new LossSpec(type, null);
    }

    @JsonCreator(mode = JsonCreator.Mode.PROPERTIES)
    public LossSpec {
        type = type == null ? "" : type;
    }

    public void check(String path, Problems problems) {
        problems.check(TYPES.contains(type), path + ".type", "must be one of " + TYPES + ", was " + type);
        problems.check(
                delta == null || delta > 0 && Double.isFinite(delta),
                path + ".delta",
                "must be > 0 and finite, was " + delta);
        problems.check(delta == null || type.equals("huber"), path + ".delta", "only huber has a delta");
    }
}
