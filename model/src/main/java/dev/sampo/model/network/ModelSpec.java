package dev.sampo.model.network;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sampo.model.data.Target;
import dev.sampo.model.spec.Problems;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which architecture.
 *
 * @param type linear, logistic, softmax or mlp
 * @param hidden mlp: widths of the hidden layers, at least one
 * @param activation mlp: relu (default), tanh, gelu or sigmoid
 * @param dropout mlp: the share of hidden activations dropped in training, 0 to below 1
 * @param loss the usual one for the label if null
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ModelSpec(
        @Nullable String type,
        @Nullable List<Integer> hidden,
        @Nullable String activation,
        @Nullable Double dropout,
        @Nullable LossSpec loss) {
    private static final int SKIPS_ZEROS_MIN = 64;
    private static final List<String> TYPES = List.of("linear", "logistic", "softmax", "mlp");
    private static final List<String> ACTIVATIONS = List.of("relu", "tanh", "gelu", "sigmoid");

    /**
     * Whether the first layer is so wide that sums over a row's non-zeros are faster than a product over all of its values, where at
     * most a quarter of them are non-zero.
     */
    public boolean skipsZeros() {
        return !hiddenOrNone().isEmpty() && hiddenOrNone().get(0) >= SKIPS_ZEROS_MIN;
    }

    public List<Integer> hiddenOrNone() {
        return hidden == null ? List.of() : hidden;
    }

    public String activationOrDefault() {
        return activation == null ? "relu" : activation;
    }

    public double dropoutOrZero() {
        return dropout == null ? 0 : dropout;
    }

    /** Adds every fault, each with its path. */
    public void check(String path, Problems problems) {
        boolean mlp = "mlp".equals(type);
        problems.check(
                type != null && TYPES.contains(type), path + ".type", "must be one of " + TYPES + ", was " + type);
        problems.check(
                ACTIVATIONS.contains(activationOrDefault()),
                path + ".activation",
                "must be one of " + ACTIVATIONS + ", was " + activation);
        problems.check(
                dropoutOrZero() >= 0 && dropoutOrZero() < 1, path + ".dropout", "must be ≥ 0 and < 1, was " + dropout);
        for (Integer width : hiddenOrNone()) {
            problems.check(width != null && width >= 1, path + ".hidden", "widths must be ≥ 1, was " + width);
        }
        problems.check(
                !mlp || !hiddenOrNone().isEmpty(),
                path + ".hidden",
                "an mlp needs at least one hidden layer, such as [128]");
        problems.check(mlp || hidden == null, path + ".hidden", "only an mlp has hidden layers");
        problems.check(mlp || activation == null, path + ".activation", "only an mlp has an activation");
        problems.check(mlp || dropout == null, path + ".dropout", "only an mlp has dropout");
        if (loss != null) {
            loss.check(path + ".loss", problems);
        }
    }

    /** Adds what does not fit the label's kind. */
    public void check(String path, Target.Kind target, Problems problems) {
        String expected = switch (target) {
            case NUMERIC -> "linear";
            case BINARY -> "logistic";
            case CLASSES -> "softmax";
        };
        problems.check(
                "mlp".equals(type) || expected.equals(type),
                path + ".type",
                "a " + target.name().toLowerCase(java.util.Locale.ROOT) + " label needs " + expected + " or mlp, was "
                        + type);
        if (loss != null) {
            boolean fits = switch (loss.type()) {
                case "squared", "huber" -> target == Target.Kind.NUMERIC;
                case "logistic" -> target == Target.Kind.BINARY;
                case "crossEntropy" -> target == Target.Kind.CLASSES;
                default -> true;
            };
            problems.check(fits, path + ".loss", loss.type() + " does not fit a " + target + " label");
        }
    }
}
