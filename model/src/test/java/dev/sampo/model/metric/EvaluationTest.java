package dev.sampo.model.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.model.data.Batch;
import dev.sampo.model.data.Target;
import dev.sampo.model.network.Loss;
import dev.sampo.model.network.ModelSpec;
import dev.sampo.model.network.Network;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Metrics against brute force over all rows, and merged from parts. */
class EvaluationTest {
    private static final Target BINARY = new Target(Target.Kind.BINARY, List.of("no", "yes"));
    private static final Target CLASSES = new Target(Target.Kind.CLASSES, List.of("a", "b", "c"));
    private static final Target NUMERIC = new Target(Target.Kind.NUMERIC, List.of());

    private static Loss loss(String type, Target target) throws Exception {
        ModelSpec spec = new ObjectMapper().readValue("{\"type\": \"" + type + "\"}", ModelSpec.class);
        return Network.of(spec, 1, target).loss();
    }

    private static Batch batch(float[] labels) {
        return Batch.dense(labels.length, 0, new float[0], labels, null);
    }

    /** Evaluates in batches of 1 to 9 rows, each a part of its own that goes through bytes. */
    private static Map<String, Object> inParts(Target target, Loss loss, float[] labels, float[] scores, int outputs) {
        Random random = new Random(1);
        Evaluation all = Evaluation.of(target, loss);
        int from = 0;
        while (from < labels.length) {
            int to = Math.min(labels.length, from + 1 + random.nextInt(9));
            Evaluation part = Evaluation.of(target, loss);
            part.add(
                    batch(Arrays.copyOfRange(labels, from, to)),
                    Arrays.copyOfRange(scores, from * outputs, to * outputs));
            all.merge(Evaluation.fromBytes(target, loss, part.toBytes()));
            from = to;
        }
        return all.result();
    }

    private static double number(Map<String, Object> result, String name) {
        return ((Number) result.get(name)).doubleValue();
    }

    @Test
    void binaryMetricsWithTies() throws Exception {
        Random random = new Random(7);
        int n = 300;
        float[] labels = new float[n];
        float[] scores = new float[n];
        for (int i = 0; i < n; i++) {
            labels[i] = random.nextInt(3) == 0 ? 1 : 0;
            // A coarse grid, so that many scores tie; both zeros are one score.
            scores[i] = Math.round(random.nextGaussian() * 2 + labels[i]) / 2f * (random.nextBoolean() ? 1 : 1);
        }
        scores[0] = -0f;
        scores[1] = 0f;
        double right = 0;
        double pairs = 0;
        double logloss = 0;
        double correct = 0;
        for (int i = 0; i < n; i++) {
            double p = 1 / (1 + Math.exp(-scores[i]));
            logloss -= Math.log(labels[i] == 1 ? p : 1 - p) / n;
            correct += (scores[i] >= 0) == (labels[i] == 1) ? 1 : 0;
            for (int j = 0; j < n; j++) {
                if (labels[i] == 1 && labels[j] == 0) {
                    pairs++;
                    right += scores[i] == scores[j] ? 0.5 : scores[i] > scores[j] ? 1 : 0;
                }
            }
        }
        Map<String, Object> result = inParts(BINARY, loss("logistic", BINARY), labels, scores, 1);
        assertThat(number(result, "auc")).isEqualTo(right / pairs);
        assertThat(number(result, "logloss")).isCloseTo(logloss, within(1e-9));
        assertThat(number(result, "accuracy")).isEqualTo(correct / n);
    }

    @Test
    @SuppressWarnings("unchecked")
    void classMetricsAndConfusion() throws Exception {
        // actual a a a b b c; predicted a b a b b a
        float[] labels = {0, 0, 0, 1, 1, 2};
        float[] scores = {9, 1, 0, 0, 9, 1, 9, 1, 0, 0, 9, 0, 0, 9, 8, 9, 0, 1};
        Map<String, Object> result = inParts(CLASSES, loss("softmax", CLASSES), labels, scores, 3);
        assertThat(result.get("confusion"))
                .isEqualTo(List.of(List.of(2L, 1L, 0L), List.of(0L, 2L, 0L), List.of(1L, 0L, 0L)));
        List<Map<String, Object>> each = (List<Map<String, Object>>) result.get("perClass");
        assertThat(each.get(0)).containsEntry("precision", 2 / 3.0).containsEntry("recall", 2 / 3.0);
        assertThat(each.get(1))
                .containsEntry("precision", 2 / 3.0)
                .containsEntry("recall", 1.0)
                .containsEntry("f1", 0.8);
        assertThat(each.get(2))
                .containsEntry("precision", 0.0)
                .containsEntry("recall", 0.0)
                .containsEntry("f1", 0.0);
        assertThat(number(result, "accuracy")).isEqualTo(4 / 6.0);
        assertThat(number(result, "macroRecall")).isCloseTo((2 / 3.0 + 1) / 3, within(1e-15));
        assertThat(number(result, "macroF1")).isCloseTo((2 / 3.0 + 0.8) / 3, within(1e-15));
    }

    /** A large offset must not cost R² its digits. */
    @Test
    void numericMetricsFarFromZero() throws Exception {
        Random random = new Random(9);
        int n = 1000;
        float[] labels = new float[n];
        float[] scores = new float[n];
        double mean = 0;
        for (int i = 0; i < n; i++) {
            labels[i] = 1e6f + Math.round(random.nextGaussian() * 8);
            scores[i] = labels[i] + random.nextInt(5) - 2;
            mean += (double) labels[i] / n;
        }
        double squared = 0;
        double absolute = 0;
        double deviation = 0;
        for (int i = 0; i < n; i++) {
            squared += Math.pow((double) scores[i] - labels[i], 2);
            absolute += Math.abs((double) scores[i] - labels[i]);
            deviation += Math.pow(labels[i] - mean, 2);
        }
        Map<String, Object> result = inParts(NUMERIC, loss("linear", NUMERIC), labels, scores, 1);
        assertThat(number(result, "rmse")).isCloseTo(Math.sqrt(squared / n), within(1e-12));
        assertThat(number(result, "mae")).isCloseTo(absolute / n, within(1e-12));
        assertThat(number(result, "r2")).isCloseTo(1 - squared / deviation, within(1e-9));
    }

    @Test
    void noRowsAreNoMetrics() throws Exception {
        assertThat(Evaluation.of(BINARY, loss("logistic", BINARY)).result()).containsExactly(Map.entry("rows", 0L));
    }

    @Test
    void damagedBytesAreRefused() throws Exception {
        Loss loss = loss("logistic", BINARY);
        Evaluation evaluation = Evaluation.of(BINARY, loss);
        evaluation.add(batch(new float[] {0, 1}), new float[] {-1, 1});
        byte[] bytes = evaluation.toBytes();
        assertThatThrownBy(() -> Evaluation.fromBytes(BINARY, loss, Arrays.copyOf(bytes, bytes.length - 20)))
                .hasMessageContaining("claims 2 scores");
    }
}
