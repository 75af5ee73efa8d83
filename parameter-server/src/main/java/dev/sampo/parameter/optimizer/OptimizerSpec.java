package dev.sampo.parameter.optimizer;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sampo.model.spec.Problems;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which optimizer, and its hyperparameters; null means the default of {@link Optimizer}'s Javadoc.
 *
 * @param type sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw or ftrl
 * @param learningRate above 0
 * @param momentum momentum, nesterov: 0 to below 1
 * @param beta1 adam, adamw: 0 to below 1
 * @param beta2 adam, adamw: 0 to below 1
 * @param rho rmsprop: decay of the mean square, 0 to below 1
 * @param epsilon adagrad, rmsprop, adam, adamw: above 0
 * @param weightDecay adamw: decoupled decay of regularised parameters, 0 or more
 * @param l1 ftrl: 0 or more
 * @param l2 ftrl: 0 or more
 * @param beta ftrl: learning-rate smoothing, above 0
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record OptimizerSpec(
        String type,
        @Nullable Double learningRate,
        @Nullable Double momentum,
        @Nullable Double beta1,
        @Nullable Double beta2,
        @Nullable Double rho,
        @Nullable Double epsilon,
        @Nullable Double weightDecay,
        @Nullable Double l1,
        @Nullable Double l2,
        @Nullable Double beta) {
    private static final Map<String, Set<String>> OPTIONS = new LinkedHashMap<>();

    static {
        OPTIONS.put("sgd", Set.of());
        OPTIONS.put("momentum", Set.of("momentum"));
        OPTIONS.put("nesterov", Set.of("momentum"));
        OPTIONS.put("adagrad", Set.of("epsilon"));
        OPTIONS.put("rmsprop", Set.of("rho", "epsilon"));
        OPTIONS.put("adam", Set.of("beta1", "beta2", "epsilon"));
        OPTIONS.put("adamw", Set.of("beta1", "beta2", "epsilon", "weightDecay"));
        OPTIONS.put("ftrl", Set.of("l1", "l2", "beta"));
    }

    /** The optimizer of that type with its defaults. */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static OptimizerSpec of(String type) {
        return new OptimizerSpec(type, null, null, null, null, null, null, null, null, null, null);
    }

    @JsonCreator(mode = JsonCreator.Mode.PROPERTIES)
    public OptimizerSpec(
            @JsonProperty("type") String type,
            @JsonProperty("learningRate") @Nullable Double learningRate,
            @JsonProperty("momentum") @Nullable Double momentum,
            @JsonProperty("beta1") @Nullable Double beta1,
            @JsonProperty("beta2") @Nullable Double beta2,
            @JsonProperty("rho") @Nullable Double rho,
            @JsonProperty("epsilon") @Nullable Double epsilon,
            @JsonProperty("weightDecay") @Nullable Double weightDecay,
            @JsonProperty("l1") @Nullable Double l1,
            @JsonProperty("l2") @Nullable Double l2,
            @JsonProperty("beta") @Nullable Double beta) {
        this.type = type == null ? "adam" : type;
        this.learningRate = learningRate;
        this.momentum = momentum;
        this.beta1 = beta1;
        this.beta2 = beta2;
        this.rho = rho;
        this.epsilon = epsilon;
        this.weightDecay = weightDecay;
        this.l1 = l1;
        this.l2 = l2;
        this.beta = beta;
    }

    /** The learning rate, by default 0.001 for the Adam family and RMSProp, 0.1 for FTRL, Adagrad, and 0.01 for the rest. */
    public double rate() {
        if (learningRate != null) {
            return learningRate;
        }
        return switch (type) {
            case "adam", "adamw", "rmsprop" -> 0.001;
            case "ftrl", "adagrad" -> 0.1;
            default -> 0.01;
        };
    }

    /** Adds every fault, each with its path. */
    public void check(String path, Problems problems) {
        Set<String> known = OPTIONS.get(type);
        if (known == null) {
            problems.add(path + ".type", "must be one of " + List.copyOf(OPTIONS.keySet()) + ", was " + type);
            return;
        }
        problems.check(
                (float) rate() > 0 && Float.isFinite((float) rate()),
                path + ".learningRate",
                "must be > 0 and finite in 32-bit floats, was " + learningRate);
        fraction(path, "momentum", momentum, known, problems);
        fraction(path, "beta1", beta1, known, problems);
        fraction(path, "beta2", beta2, known, problems);
        fraction(path, "rho", rho, known, problems);
        positive(path, "epsilon", epsilon, known, problems);
        nonNegative(path, "weightDecay", weightDecay, known, problems);
        nonNegative(path, "l1", l1, known, problems);
        nonNegative(path, "l2", l2, known, problems);
        positive(path, "beta", beta, known, problems);
    }

    /** Above 0 as a float too: it keeps the update of a parameter without gradients from being 0 / 0. */
    private void positive(String path, String name, @Nullable Double value, Set<String> known, Problems problems) {
        if (isUsed(path, name, value, known, problems)
                && value != null
                && !((float) (double) value > 0 && Double.isFinite(value))) {
            problems.add(path + "." + name, "must be > 0 in 32-bit floats, was " + value);
        }
    }

    private void fraction(String path, String name, @Nullable Double value, Set<String> known, Problems problems) {
        if (isUsed(path, name, value, known, problems) && value != null && !(value >= 0 && value.floatValue() < 1)) {
            problems.add(path + "." + name, "must be ≥ 0 and < 1 in 32-bit floats, was " + value);
        }
    }

    private void nonNegative(String path, String name, @Nullable Double value, Set<String> known, Problems problems) {
        if (isUsed(path, name, value, known, problems) && value != null && !(value >= 0 && Double.isFinite(value))) {
            problems.add(path + "." + name, "must be ≥ 0, was " + value);
        }
    }

    private boolean isUsed(String path, String name, @Nullable Double value, Set<String> known, Problems problems) {
        if (value != null && !known.contains(name)) {
            problems.add(path + "." + name, type + " has no such option");
            return false;
        }
        return true;
    }
}
