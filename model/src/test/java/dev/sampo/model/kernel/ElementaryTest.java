package dev.sampo.model.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

class ElementaryTest {
    private static void assertRelative(DoubleUnaryOperator actual, DoubleUnaryOperator expected, double bound) {
        for (double scale = 1e-12; scale <= 100; scale *= 1.7) {
            for (double x : new double[] {-scale, scale}) {
                double truth = expected.applyAsDouble(x);
                double error = Math.abs(actual.applyAsDouble(x) - truth);
                assertThat(error).as("at %s", x).isLessThanOrEqualTo(bound * Math.abs(truth));
            }
        }
    }

    @Test
    void relativeErrorsAreSmallEverywhere() {
        assertRelative(Elementary::exp, StrictMath::exp, 1e-14);
        assertRelative(Elementary::tanh, StrictMath::tanh, 1e-14);
        assertRelative(Elementary::sigmoid, x -> 1 / (1 + StrictMath.exp(-x)), 1e-14);
        assertRelative(Elementary::softplus, x -> StrictMath.log1p(StrictMath.exp(x)), 1e-14);
    }

    @Test
    void theEndsAreExact() {
        assertThat(Elementary.exp(-1000)).isZero();
        assertThat(Elementary.exp(1000)).isInfinite();
        assertThat(Elementary.exp(Double.NaN)).isNaN();
        assertThat(Elementary.tanh(50)).isEqualTo(1);
        assertThat(Elementary.tanh(-50)).isEqualTo(-1);
        assertThat(Elementary.softplus(1e6)).isEqualTo(1e6);
    }
}
