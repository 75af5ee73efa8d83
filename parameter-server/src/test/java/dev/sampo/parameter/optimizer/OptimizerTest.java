package dev.sampo.parameter.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.assertj.core.api.Assertions.within;

import dev.sampo.model.spec.Problems;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every update rule against its published formula in double precision. */
class OptimizerTest {
    private static final int LENGTH = 7;
    private static final int STEPS = 25;
    private static final double RATE = 0.05;

    private static OptimizerSpec spec(String type) {
        return switch (type) {
            case "ftrl" -> new OptimizerSpec(type, RATE, null, null, null, null, null, null, 0.02, 0.3, 0.7);
            case "adamw" -> new OptimizerSpec(type, RATE, null, 0.8, 0.95, null, 1e-6, 0.1, null, null, null);
            default -> new OptimizerSpec(type, RATE, null, null, null, null, null, null, null, null, null);
        };
    }

    /** One parameter's textbook update; s is its state. */
    private static double formula(String type, double w, double g, double[] s, int t, boolean regularized) {
        switch (type) {
            case "sgd":
                return w - RATE * g;
            case "momentum":
                s[0] = 0.9 * s[0] + g;
                return w - RATE * s[0];
            case "nesterov":
                s[0] = 0.9 * s[0] + g;
                return w - RATE * (g + 0.9 * s[0]);
            case "adagrad":
                s[0] += g * g;
                return w - RATE * g / (Math.sqrt(s[0]) + 1e-8);
            case "rmsprop":
                s[0] = 0.9 * s[0] + 0.1 * g * g;
                return w - RATE * g / (Math.sqrt(s[0]) + 1e-8);
            case "adam", "adamw":
                double b1 = type.equals("adam") ? 0.9 : 0.8;
                double b2 = type.equals("adam") ? 0.999 : 0.95;
                double epsilon = type.equals("adam") ? 1e-8 : 1e-6;
                double decay = type.equals("adamw") && regularized ? 0.1 : 0;
                s[0] = b1 * s[0] + (1 - b1) * g;
                s[1] = b2 * s[1] + (1 - b2) * g * g;
                double m = s[0] / (1 - Math.pow(b1, t));
                double v = s[1] / (1 - Math.pow(b2, t));
                return w - RATE * (m / (Math.sqrt(v) + epsilon) + decay * w);
            default:
                double sigma = (Math.sqrt(s[1] + g * g) - Math.sqrt(s[1])) / RATE;
                s[0] += g - sigma * w;
                s[1] += g * g;
                double l1 = regularized ? 0.02 : 0;
                double l2 = regularized ? 0.3 : 0;
                return Math.abs(s[0]) <= l1
                        ? 0
                        : -(s[0] - Math.signum(s[0]) * l1) / ((0.7 + Math.sqrt(s[1])) / RATE + l2);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "ftrl"})
    void updatesAreThoseOfTheFormula(String type) {
        Optimizer optimizer = Optimizer.of(spec(type));
        Random random = new Random(2);
        for (boolean regularized : new boolean[] {true, false}) {
            float[] values = new float[LENGTH];
            double[] expected = new double[LENGTH];
            double[][] states = new double[LENGTH][2];
            float[][] state = optimizer.initialState(values, (float) RATE, i -> regularized);
            boolean penalised = regularized && !type.equals("ftrl");
            for (int t = 1; t <= STEPS; t++) {
                float[] gradient = new float[LENGTH];
                for (int i = 0; i < LENGTH; i++) {
                    gradient[i] = t % 6 == 0 ? 0 : (float) random.nextGaussian();
                    double g = gradient[i];
                    if (penalised) {
                        g += 0.2 * expected[i] + 0.01 * Math.signum(expected[i]);
                    }
                    expected[i] = formula(type, expected[i], g, states[i], t, regularized);
                }
                float l1 = penalised ? 0.01f : 0;
                float l2 = penalised ? 0.2f : 0;
                optimizer.apply(values, values, gradient, state, 0, LENGTH, (float) RATE, t, regularized, l1, l2);
            }
            for (int i = 0; i < LENGTH; i++) {
                assertThat((double) values[i]).as(type).isCloseTo(expected[i], within(2e-5));
            }
        }
    }

    /** In pieces or whole, in place or not, the bits are the same: shards may be cut anywhere. */
    @ParameterizedTest
    @ValueSource(strings = {"sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "ftrl"})
    void theCutDoesNotChangeABit(String type) {
        Optimizer optimizer = Optimizer.of(spec(type));
        Random random = new Random(5);
        float[] whole = new float[LENGTH];
        float[] pieces = new float[LENGTH];
        float[] target = new float[LENGTH];
        float[][] state = optimizer.initialState(whole, (float) RATE, i -> true);
        float[][] other = optimizer.initialState(whole, (float) RATE, i -> true);
        for (int t = 1; t <= 5; t++) {
            float[] gradient = new float[LENGTH];
            for (int i = 0; i < LENGTH; i++) {
                gradient[i] = (float) random.nextGaussian();
            }
            float[] copy = gradient.clone();
            optimizer.apply(whole, whole, gradient, state, 0, LENGTH, (float) RATE, t, true, 0, 0);
            optimizer.apply(pieces, target, copy, other, 0, 3, (float) RATE, t, true, 0, 0);
            optimizer.apply(pieces, target, copy, other, 3, LENGTH, (float) RATE, t, true, 0, 0);
            float[] swap = pieces;
            pieces = target;
            target = swap;
        }
        assertThat(pieces).isEqualTo(whole);
        assertThat(other).isDeepEqualTo(state);
    }

    /** Where the gradient stays zero, as behind a dead unit, neither a moment nor what a step takes from it is subnormal. */
    @ParameterizedTest
    @ValueSource(strings = {"momentum", "nesterov", "rmsprop", "adam", "adamw"})
    void noMomentDecaysToASubnormalNumber(String type) {
        Optimizer optimizer = Optimizer.of(spec(type));
        float[] values = new float[LENGTH];
        float[][] state = optimizer.initialState(values, (float) RATE, i -> false);
        float[] gradient = {1, -1, 1e-3f, -1e-3f, 1e-9f, 1e-18f, 0};
        for (int t = 1; t <= 200_000; t++) {
            optimizer.apply(values, values, gradient, state, 0, LENGTH, (float) RATE, t, false, 0, 0);
            for (float[] moments : state) {
                for (float moment : moments) {
                    if (moment != 0 && Math.abs(0x1p-20f * moment) < Float.MIN_NORMAL) {
                        fail("step %s leaves %s", t, moment);
                    }
                }
            }
            Arrays.fill(gradient, 0);
        }
    }

    /** Without a gradient ftrl keeps what an MLP was initialised with; with one it moves a little, not to zero. */
    @Test
    void ftrlBeginsFromTheInitialWeights() {
        Optimizer optimizer = Optimizer.of(spec("ftrl"));
        float[] initial = {0.3f, -0.2f, 0.05f, 0f, 1f, -1f, 0.001f};
        float[] values = initial.clone();
        float[][] state = optimizer.initialState(values, (float) RATE, i -> i % 2 == 0);
        optimizer.apply(values, values, new float[LENGTH], state, 0, 1, (float) RATE, 1, true, 0, 0);
        optimizer.apply(values, values, new float[LENGTH], state, 1, 2, (float) RATE, 1, false, 0, 0);
        assertThat(values[0]).isCloseTo(initial[0], within(1e-6f));
        assertThat(values[1]).isCloseTo(initial[1], within(1e-6f));
    }

    private static List<String> faults(OptimizerSpec spec) {
        Problems problems = new Problems();
        spec.check("o", problems);
        return problems.all();
    }

    @Test
    void whatWouldDivideZeroByZeroIsRefused() {
        for (String type : List.of("adam", "adamw", "rmsprop", "adagrad")) {
            for (double epsilon : new double[] {0, 1e-60, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
                assertThat(faults(
                                new OptimizerSpec(type, null, null, null, null, null, epsilon, null, null, null, null)))
                        .containsExactly("o.epsilon: must be > 0 in 32-bit floats, was " + epsilon);
            }
        }
        assertThat(faults(new OptimizerSpec("sgd", 1e-60, null, null, null, null, null, null, null, null, null)))
                .containsExactly("o.learningRate: must be > 0 and finite in 32-bit floats, was 1.0E-60");
        assertThat(faults(new OptimizerSpec("sgd", null, 0.9, null, null, null, null, null, null, null, null)))
                .containsExactly("o.momentum: sgd has no such option");
        assertThat(faults(new OptimizerSpec("adamm", null, null, null, null, null, null, null, null, null, null)))
                .hasSize(1);
    }

    @Test
    void aPowerIsThatOfTheLibrary() {
        for (double base : new double[] {0, 0.5, 0.9f, 0.999f, 1}) {
            for (long exponent : new long[] {0, 1, 2, 3, 7, 64, 1_000, 123_457, 10_000_000}) {
                double expected = StrictMath.pow(base, exponent);
                assertThat(Optimizer.power(base, exponent))
                        .as("%s ^ %s", base, exponent)
                        .isCloseTo(expected, within(expected * exponent * 0x1p-52));
            }
        }
    }
}
