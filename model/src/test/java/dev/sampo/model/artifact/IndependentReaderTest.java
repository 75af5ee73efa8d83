package dev.sampo.model.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import dev.sampo.model.feature.FeaturePipeline;
import dev.sampo.model.feature.FeatureSpec;
import dev.sampo.model.feature.FitStatistics;
import dev.sampo.model.feature.LabelSpec;
import dev.sampo.model.network.ModelSpec;
import dev.sampo.model.network.Network;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * Goal: what an artifact's files say is what the predictor computes. Method: another program is played here, which knows the
 * safetensors specification (8 bytes little-endian header length, JSON of dtype, shape and data_offsets relative to the end of
 * the header, raw little-endian data) and JSON, but none of this project's readers; it computes in double precision.
 */
class IndependentReaderTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Schema SCHEMA = new Schema(List.of("a", "b", "c", "y"), null);

    /** A matrix [rows][columns], or a vector as one row. */
    private record Tensor(int[] shape, double[] values) {
        double at(int i, int j) {
            return values[i * shape[shape.length - 1] + j];
        }
    }

    private static Tensor tensor(byte[] file, String name) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int headerBytes = Math.toIntExact(in.getLong(0));
        JsonNode entry = JSON.readTree(file, 8, headerBytes).get(name);
        assertThat(entry.get("dtype").textValue()).isEqualTo("F32");
        int[] shape = JSON.convertValue(entry.get("shape"), int[].class);
        int from = entry.get("data_offsets").get(0).intValue();
        int to = entry.get("data_offsets").get(1).intValue();
        double[] values = new double[(to - from) / 4];
        for (int i = 0; i < values.length; i++) {
            values[i] = in.getFloat(8 + headerBytes + from + 4 * i);
        }
        return new Tensor(shape, values);
    }

    /** The features of a row, by the document alone: standardized a, imputed b with indicator, one-hot c. */
    private static double[] features(JsonNode document, Row row) {
        List<Double> features = new ArrayList<>();
        for (JsonNode feature : document.get("features")) {
            String cell = row.cells()[
                    SCHEMA.columns().indexOf(feature.get("columns").get(0).textValue())];
            if (feature.has("values")) {
                int other = features.size() + feature.get("values").size();
                for (JsonNode value : feature.get("values")) {
                    features.add(value.textValue().equals(cell) ? 1.0 : 0.0);
                }
                features.add(
                        features.subList(other - feature.get("values").size(), other)
                                        .contains(1.0)
                                ? 0.0
                                : 1.0);
                continue;
            }
            double x = cell == null ? feature.get("impute").doubleValue() : Double.parseDouble(cell);
            features.add((x - feature.get("shift").doubleValue())
                    * feature.get("scale").doubleValue());
            if (feature.get("indicator").booleanValue()) {
                features.add(cell == null ? 1.0 : 0.0);
            }
        }
        return features.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static double[] affine(double[] x, Tensor weight, Tensor bias) {
        assertThat(weight.shape()).containsExactly(x.length, bias.values().length);
        double[] y = bias.values().clone();
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < y.length; j++) {
                y[j] += x[i] * weight.at(i, j);
            }
        }
        return y;
    }

    private static double[] softmax(double[] scores) {
        double sum = 0;
        double[] shares = new double[scores.length];
        for (int j = 0; j < scores.length; j++) {
            shares[j] = Math.exp(scores[j]);
            sum += shares[j];
        }
        for (int j = 0; j < scores.length; j++) {
            shares[j] /= sum;
        }
        return shares;
    }

    private static double[] predict(Map<String, byte[]> files, int layers, DoubleUnaryOperator activation, Row row)
            throws IOException {
        byte[] weights = files.get("weights.safetensors");
        double[] x = features(JSON.readTree(files.get("features.json")), row);
        for (int layer = 0; layer < layers; layer++) {
            x = affine(x, tensor(weights, "layers." + layer + ".weight"), tensor(weights, "layers." + layer + ".bias"));
            for (int j = 0; layer + 1 < layers && j < x.length; j++) {
                x[j] = activation.applyAsDouble(x[j]);
            }
        }
        return x;
    }

    private static List<Row> rows() {
        SplittableRandom random = new SplittableRandom(11);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            String b = random.nextInt(4) == 0 ? null : Double.toString(random.nextDouble(-9, 3));
            rows.add(new Row(
                    new String[] {
                        Double.toString(random.nextDouble(40, 60)), b, "c" + random.nextInt(3), "" + random.nextInt(3)
                    },
                    null));
        }
        return rows;
    }

    private static FeaturePipeline fit(String label, List<Row> rows) throws Exception {
        List<FeatureSpec> features = List.of(
                JSON.readValue("{\"columns\": \"a\", \"transform\": \"standardize\"}", FeatureSpec.class),
                JSON.readValue(
                        "{\"columns\": \"b\", \"transform\": \"minMax\", \"impute\": \"median\", \"indicator\": true}",
                        FeatureSpec.class),
                JSON.readValue("{\"columns\": \"c\", \"transform\": \"oneHot\"}", FeatureSpec.class));
        FitStatistics statistics =
                FitStatistics.empty(features, new LabelSpec("y", label, null, null, null), null, SCHEMA);
        for (Row each : rows) {
            statistics.add(each);
        }
        return statistics.fit();
    }

    /** Files of a model whose every weight and bias is random. */
    private static Map<String, byte[]> files(String architecture, FeaturePipeline pipeline) throws Exception {
        ModelSpec spec = JSON.readValue(architecture, ModelSpec.class);
        Network network = Network.of(spec, pipeline.width(), pipeline.target());
        SplittableRandom random = new SplittableRandom(5);
        float[] weights = new float[network.parameterCount()];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (float) random.nextDouble(-1.2, 1.2);
        }
        ModelDocument document = ModelDocument.of(
                "m", 1, "m-1", "now", spec, pipeline, Map.of(), JSON.createObjectNode(), Map.of(), 5, 60);
        return ModelArtifact.files(document, pipeline, network, weights);
    }

    private static float[] predicted(Map<String, byte[]> files, List<Row> rows) throws Exception {
        try (Predictor predictor = new Predictor(ModelArtifact.load(files::get), 16)) {
            return predictor.predict(SCHEMA, rows).values();
        }
    }

    @Test
    void anotherReaderComputesTheSameOfAnMlp() throws Exception {
        Map<String, byte[]> files =
                files("{\"type\": \"mlp\", \"hidden\": [6, 5], \"activation\": \"tanh\"}", fit("classes", rows()));
        float[] predicted = predicted(files, rows());
        for (int i = 0; i < 60; i++) {
            double[] expected = softmax(predict(files, 3, Math::tanh, rows().get(i)));
            for (int j = 0; j < 3; j++) {
                assertThat((double) predicted[3 * i + j]).isCloseTo(expected[j], within(1e-5));
            }
        }
    }

    @Test
    void anotherReaderComputesTheSameOfASoftmaxRegression() throws Exception {
        Map<String, byte[]> files = files("{\"type\": \"softmax\"}", fit("classes", rows()));
        float[] predicted = predicted(files, rows());
        for (int i = 0; i < 60; i++) {
            double[] expected = softmax(predict(files, 1, x -> x, rows().get(i)));
            for (int j = 0; j < 3; j++) {
                assertThat((double) predicted[3 * i + j]).isCloseTo(expected[j], within(1e-5));
            }
        }
    }

    @Test
    void anotherReaderComputesTheSameOfARegression() throws Exception {
        Map<String, byte[]> files = files("{\"type\": \"mlp\", \"hidden\": [4]}", fit("numeric", rows()));
        float[] predicted = predicted(files, rows());
        for (int i = 0; i < 60; i++) {
            double expected = predict(files, 2, x -> Math.max(x, 0), rows().get(i))[0];
            assertThat((double) predicted[i]).isCloseTo(expected, within(1e-5));
        }
    }

    @Test
    void theSumsAreInTheFormOfSha256sum() throws Exception {
        Map<String, byte[]> files = files("{\"type\": \"softmax\"}", fit("classes", rows()));
        String sums = new String(files.get("SHA256SUMS"), StandardCharsets.UTF_8);
        assertThat(sums).matches("([0-9a-f]{64}  [a-z]+\\.[a-z]+\n){3}").contains("  weights.safetensors\n");
        String named =
                JSON.readTree(files.get("model.json")).get("weightsSha256").textValue();
        assertThat(sums).contains(named + "  weights.safetensors\n");
    }
}
