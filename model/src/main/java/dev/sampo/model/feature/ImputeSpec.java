package dev.sampo.model.feature;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/**
 * What stands in for a missing number.
 *
 * @param method mean, median or constant
 * @param constant the value of method constant
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ImputeSpec(String method, @Nullable Double constant) {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static ImputeSpec of(String method) {
        return new ImputeSpec(method, null);
    }

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static ImputeSpec of(double constant) {
        return new ImputeSpec("constant", constant);
    }

    @JsonCreator(mode = JsonCreator.Mode.PROPERTIES)
    public ImputeSpec(
            @JsonProperty("method") @Nullable String method, @JsonProperty("constant") @Nullable Double constant) {
        this.method = method == null ? "constant" : method;
        this.constant = constant;
    }
}
