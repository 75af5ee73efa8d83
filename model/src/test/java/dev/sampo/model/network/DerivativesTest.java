package dev.sampo.model.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sampo.model.data.Target;
import dev.sampo.model.spec.Problems;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Losses and activations one by one against central differences, far out too, where a whole network rarely gets. */
class DerivativesTest {
    /** A power of two: score +- H is exact in float. */
    private static final float H = 1f / 128;

    private static final float[] POINTS = {-30, -6, -1.5f, -0.75f, -0.125f, 0.125f, 0.5f, 0.75f, 1.5f, 6, 30};

    @Test
    void aDeltaThatCannotBeIsRefused() {
        for (double delta : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            Problems problems = new Problems();
            new LossSpec("huber", delta).check("loss", problems);
            assertEquals(java.util.List.of("loss.delta: must be > 0 and finite, was " + delta), problems.all());
        }
        Problems problems = new Problems();
        new LossSpec("squared", 1.0).check("loss", problems);
        assertEquals(java.util.List.of("loss.delta: only huber has a delta"), problems.all());
    }

    static Stream<Arguments> losses() {
        return Stream.of(
                Arguments.of(null, Target.Kind.NUMERIC, 1, new float[] {-2, 0, 3}),
                Arguments.of(new LossSpec("huber", null), Target.Kind.NUMERIC, 1, new float[] {-2, 0, 3}),
                Arguments.of(new LossSpec("huber", 0.2), Target.Kind.NUMERIC, 1, new float[] {-2, 0, 3}),
                Arguments.of(null, Target.Kind.BINARY, 1, new float[] {0, 1}),
                Arguments.of(null, Target.Kind.CLASSES, 3, new float[] {0, 1, 2}));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("losses")
    void theLossGradientAgreesWithDifferences(LossSpec spec, Target.Kind target, int outputs, float[] labels) {
        Loss loss = Loss.of(spec, target);
        for (float label : labels) {
            for (float point : POINTS) {
                // Not at the buffer's beginning, and among others that must stay as they are.
                float[] scores = {99, point, point / 3, -point / 2, 99};
                float[] gradient = scores.clone();
                double value = replaceByGradient(loss, gradient, 1, outputs, label, 2.5f);
                assertEquals(loss.value(scores, 1, outputs, label), value, 0.0);
                for (int j = 1; j <= outputs; j++) {
                    double numeric = 2.5 * slope(loss, scores, j, outputs, label);
                    assertEquals(numeric, gradient[j], 1e-4 * Math.max(1, Math.abs(numeric)), label + " at " + point);
                }
                assertEquals(99f, gradient[0]);
                assertEquals(scores[outputs + 1], gradient[outputs + 1]);
            }
        }
    }

    /** Far from the label nothing subnormal is left, and what is small but not negligible stays. */
    @Test
    void noDerivativeIsSubnormal() {
        Loss classes = Loss.of(null, Target.Kind.CLASSES);
        Loss binary = Loss.of(null, Target.Kind.BINARY);
        for (float far = -120; far < -10; far += 0.25f) {
            float expected = far < -69.3f ? 0 : (float) Math.exp(far);
            float[] scores = {0, far, -1};
            replaceByGradient(classes, scores, 0, 3, 0, 1);
            assertEquals(expected / (1 + Math.exp(-1)), scores[1], 1e-3 * expected, far + " among classes");
            float[] score = {far};
            replaceByGradient(binary, score, 0, 1, 0, 1);
            assertEquals(expected, score[0], 1e-3f * expected, far + " alone");
        }
    }

    private static double slope(Loss loss, float[] scores, int at, int outputs, float label) {
        float[] up = scores.clone();
        float[] down = scores.clone();
        up[at] += H;
        down[at] -= H;
        // What was added in truth: far out, a score rounds.
        return (loss.value(up, 1, outputs, label) - loss.value(down, 1, outputs, label)) / ((double) up[at] - down[at]);
    }

    @ParameterizedTest
    @CsvSource({"relu", "tanh", "sigmoid", "gelu"})
    void theDerivativeAgreesWithDifferences(String activation) {
        int n = POINTS.length;
        float[] delta = new float[n];
        java.util.Arrays.fill(delta, 3f);
        Activations.timesDerivative(activation, POINTS.clone(), delta, n);
        float[] up = new float[n];
        float[] down = new float[n];
        for (int i = 0; i < n; i++) {
            up[i] = POINTS[i] + H;
            down[i] = POINTS[i] - H;
        }
        Activations.apply(activation, up, n);
        Activations.apply(activation, down, n);
        for (int i = 0; i < n; i++) {
            double numeric = 3 * ((double) up[i] - down[i]) / (2 * H);
            assertEquals(numeric, delta[i], 2e-4, activation + " at " + POINTS[i]);
        }
    }

    @Test
    void activationsAreTheirFormulas() {
        assertAgree(activated("relu"), x -> Math.max(x, 0));
        assertAgree(activated("tanh"), StrictMath::tanh);
        assertAgree(activated("sigmoid"), x -> 1 / (1 + StrictMath.exp(-x)));
        assertAgree(
                activated("gelu"),
                x -> 0.5 * x * (1 + StrictMath.tanh(StrictMath.sqrt(2 / StrictMath.PI) * (x + 0.044715 * x * x * x))));
    }

    private static float[] activated(String activation) {
        float[] points = POINTS.clone();
        Activations.apply(activation, points, points.length);
        return points;
    }

    private static void assertAgree(float[] out, java.util.function.DoubleUnaryOperator formula) {
        for (int i = 0; i < out.length; i++) {
            assertEquals(
                    formula.applyAsDouble(POINTS[i]), out[i], 1e-6 * Math.max(1, Math.abs(out[i])), "" + POINTS[i]);
        }
    }

    /** The expected value stays: what is kept makes up for what is dropped. */
    @Test
    void dropoutKeepsTheMeanAndRepeatsItself() {
        float[] values = new float[100_000];
        java.util.Arrays.fill(values, 1f);
        float[] again = values.clone();
        Activations.drop(values, values.length, 7, 1, 0, 0.25);
        // In two pieces, as a lane does it.
        int half = again.length / 2;
        float[] rest = java.util.Arrays.copyOfRange(again, half, again.length);
        Activations.drop(again, half, 7, 1, 0, 0.25);
        Activations.drop(rest, rest.length, 7, 1, half, 0.25);
        System.arraycopy(rest, 0, again, half, rest.length);
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            assertTrue(values[i] == 0f || Math.abs(values[i] - 4f / 3) < 1e-6, "element " + i);
            assertEquals(values[i], again[i]);
            sum += values[i];
        }
        // Five standard deviations of the mean: sqrt(p (1 - p) / n) / (1 - p).
        assertEquals(1, sum / values.length, 5 * Math.sqrt(0.25 * 0.75 / values.length) / 0.75);
    }

    /** That of one row. */
    static double replaceByGradient(Loss loss, float[] scores, int offset, int outputs, float label, float weight) {
        double[] exponentials = new double[outputs];
        loss.exponentials(scores, offset, 1, outputs, exponentials);
        return loss.replaceByGradient(scores, offset, outputs, label, weight, exponentials, 0);
    }
}
