package dev.sampo.parameter.compression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ResidualsTest {
    private static final int PARAMETERS = 50;

    private static Residuals residuals(double ratio) {
        return new Residuals(ratio, PARAMETERS, 10, 0);
    }

    @Test
    void theLargestOfALayerAreSentAndTheRestComesLater() {
        Residuals residuals = new Residuals(0.5, 4, 10, 0);
        assertThat(residuals.at(0, 0, 1)).isTrue();
        float[] gradient = {1, -3, 2, 0.5f};
        residuals.select(0, gradient, 0, 4);
        assertThat(gradient).containsExactly(0, -3, 2, 0);
        assertThat(residuals.at(1, 0, 1)).isTrue();
        float[] next = {1, 0, 0, 1};
        residuals.select(0, next, 0, 4);
        assertThat(next).containsExactly(2, 0, 0, 1.5f);
    }

    /** Against sorting, with many ties. */
    @Test
    void theSelectionIsThatOfAStableSort() {
        Random random = new Random(3);
        for (int round = 0; round < 500; round++) {
            Residuals residuals = residuals(0.1 + 0.8 * random.nextDouble());
            residuals.at(0, 0, 1);
            float[] gradient = new float[PARAMETERS];
            for (int i = 0; i < PARAMETERS; i++) {
                gradient[i] = random.nextInt(9) - 4;
            }
            int from = random.nextInt(20);
            int to = from + 2 + random.nextInt(PARAMETERS - from - 1);
            float[] given = gradient.clone();
            residuals.select(0, gradient, from, to);
            int sent = (int)
                    IntStream.range(from, to).filter(i -> gradient[i] != 0).count();
            Integer[] order = IntStream.range(from, to).boxed().toArray(Integer[]::new);
            Arrays.sort(order, Comparator.comparingDouble(i -> -Math.abs(given[i])));
            float[] expected = given.clone();
            for (int i = sent; i < order.length; i++) {
                expected[order[i]] = 0;
            }
            assertThat(gradient).containsExactly(expected);
        }
    }

    /** Nothing gets lost: at the step before a checkpoint, all that was kept is sent. */
    @Test
    void whatWasSentUpToACheckpointIsAllThereWas() {
        Residuals residuals = new Residuals(0.06, PARAMETERS, 10, 4);
        Random random = new Random(5);
        double[] given = new double[PARAMETERS];
        double[] sent = new double[PARAMETERS];
        for (int clock = 0; clock < 20; clock++) {
            assertThat(residuals.at(clock, 0, 1)).isTrue();
            float[] gradient = new float[PARAMETERS];
            for (int i = 0; i < PARAMETERS; i++) {
                // Quarters: sums of them are exact.
                gradient[i] = random.nextInt(100) / 4f;
                given[i] += gradient[i];
            }
            residuals.select(0, gradient, 0, PARAMETERS);
            for (int i = 0; i < PARAMETERS; i++) {
                sent[i] += gradient[i];
            }
            if (residuals.isEmptyAt(clock + 1)) {
                assertThat(sent).containsExactly(given);
            } else {
                assertThat(sent).isNotEqualTo(given);
            }
        }
    }

    @Test
    void aStepMayBeComputedAgain() {
        Residuals residuals = residuals(0.1);
        float[][] gradients = new float[3][];
        for (int clock = 0; clock < 3; clock++) {
            residuals.at(clock, 0, 2);
            for (int again = 0; again < 2; again++) {
                gradients[clock] = gradient(clock);
                residuals.at(clock, 0, 2);
                float[] first = gradients[clock].clone();
                residuals.select(0, gradients[clock], 0, PARAMETERS);
                residuals.select(1, gradient(9), 0, PARAMETERS);
                residuals.select(0, first, 0, PARAMETERS);
                assertThat(first).containsExactly(gradients[clock]);
            }
        }
        Residuals once = residuals(0.1);
        for (int clock = 0; clock < 3; clock++) {
            once.at(clock, 0, 1);
            float[] gradient = gradient(clock);
            once.select(0, gradient, 0, PARAMETERS);
            assertThat(gradient).containsExactly(gradients[clock]);
        }
    }

    private static float[] gradient(int seed) {
        Random random = new Random(seed);
        float[] gradient = new float[PARAMETERS];
        for (int i = 0; i < PARAMETERS; i++) {
            gradient[i] = (float) random.nextGaussian();
        }
        return gradient;
    }

    @Test
    void ranksOfAnotherWorkerAreKnownOnlyWhereNothingIsKept() {
        Residuals residuals = residuals(0.1);
        assertThat(residuals.at(0, 0, 1)).isTrue();
        assertThat(residuals.at(0, 0, 2))
                .as("dealt more at an epoch's beginning")
                .isTrue();
        residuals.select(0, gradient(0), 0, PARAMETERS);
        assertThat(residuals.at(1, 0, 2)).as("rank 1 was computed elsewhere").isFalse();
        assertThat(residuals.at(1, 0, 1)).as("rank 0 was computed here").isTrue();
        assertThatThrownBy(() -> residuals.select(1, gradient(1), 0, PARAMETERS))
                .hasMessageContaining("rank 1");
        assertThat(residuals.at(5, 0, 1)).as("steps were missed").isFalse();
        assertThat(residuals.at(10, 0, 3)).as("the next epoch").isTrue();
    }

    @Test
    void aNumberThatIsNoneIsSentSoThatItIsFound() {
        Residuals residuals = residuals(0.02);
        residuals.at(0, 0, 1);
        float[] gradient = gradient(0);
        gradient[17] = Float.NaN;
        residuals.select(0, gradient, 0, PARAMETERS);
        assertThat(gradient[17]).isNaN();
    }
}
