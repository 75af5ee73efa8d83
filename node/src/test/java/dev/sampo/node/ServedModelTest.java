package dev.sampo.node;

import static dev.sampo.node.TestCluster.JSON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.model.artifact.ModelArtifact;
import dev.sampo.model.data.Batch;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import dev.sampo.model.network.Network;
import dev.sampo.node.client.JobClient;
import dev.sampo.trainer.spec.JobSpecs;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model trained on the digits, asked over HTTP: what it answers is what the trainer computed (invariant I6). */
class ServedModelTest {
    private static final Path DIGITS =
            Path.of("../examples/digits").toAbsolutePath().normalize();
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir
    private static Path home;

    private static TestCluster cluster;
    private static JsonNode job;
    private static List<String> columns;
    private static List<String[]> rows;

    @BeforeAll
    static void trainDigits() throws Exception {
        cluster = TestCluster.of(home, 2);
        ObjectNode spec = (ObjectNode)
                JSON.readTree(JobSpecs.toJson(JobSpecs.load(DIGITS.resolve("mlp.yaml"), List.of("training.epochs=3"))));
        try (JobClient client = cluster.client()) {
            job = TestCluster.train(client, spec);
        }
        assertThat(job.path("state").asText()).as(job.toString()).isEqualTo("done");
        try (var in = new GZIPInputStream(Files.newInputStream(DIGITS.resolve("digits-test.csv.gz")))) {
            List<String> lines = new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            columns = List.of(lines.get(0).split(","));
            rows = lines.stream().skip(1).map(line -> line.split(",")).toList();
        }
        awaitReady();
    }

    private static void awaitReady() throws Exception {
        for (int i = 0; i < 200; i++) {
            var answer = HTTP.send(
                    HttpRequest.newBuilder(URI.create(cluster.http() + "/v2/models/digits-mlp/ready"))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() == 200) {
                return;
            }
            Thread.sleep(50);
        }
        throw new AssertionError("the model was not served within 10 s");
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    /** A V2 request for rows [from, to): one tensor for each pixel column. */
    private static ObjectNode request(int from, int to) {
        ObjectNode request = JSON.createObjectNode();
        ArrayNode inputs = request.putArray("inputs");
        for (int column = 0; column < columns.size() - 1; column++) {
            ObjectNode tensor =
                    inputs.addObject().put("name", columns.get(column)).put("datatype", "FP64");
            tensor.putArray("shape").add(to - from).add(1);
            ArrayNode data = tensor.putArray("data");
            for (int row = from; row < to; row++) {
                data.add(Double.parseDouble(rows.get(row % rows.size())[column]));
            }
        }
        return request;
    }

    private static HttpResponse<String> post(JsonNode request) throws Exception {
        return HTTP.send(
                HttpRequest.newBuilder(URI.create(cluster.http() + "/v2/models/digits-mlp/infer"))
                        .POST(HttpRequest.BodyPublishers.ofString(request.toString()))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    /** Probabilities [to - from, 10] over HTTP. */
    private static float[] infer(int from, int to) throws Exception {
        HttpResponse<String> response = post(request(from, to));
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        for (JsonNode output : JSON.readTree(response.body()).path("outputs")) {
            if (output.path("name").asText().equals("probabilities")) {
                float[] values = new float[output.path("data").size()];
                for (int i = 0; i < values.length; i++) {
                    values[i] = output.path("data").get(i).floatValue();
                }
                return values;
            }
        }
        throw new AssertionError(response.body());
    }

    private static Path model() {
        return Path.of(job.path("model").path("path").asText());
    }

    @Test
    void aPredictionIsTheTrainersForwardPassOnTheSameRawRows() throws Exception {
        ModelArtifact artifact = ModelArtifact.load(name -> Files.readAllBytes(model().resolve(name)));
        Network network = artifact.network();
        List<Row> raw = new ArrayList<>();
        rows.forEach(row -> raw.add(new Row(row, null)));
        Batch batch = artifact.pipeline().apply(new Schema(columns, null), raw, true);
        float[] scores = new float[rows.size() * network.outputs()];
        try (Network.Lane lane = network.newLane(rows.size())) {
            lane.load(artifact.weights(), 0, 0, artifact.weights().length);
            lane.forward(batch, scores);
        }
        network.scoresToPredictions(scores, rows.size());
        assertClose(infer(0, rows.size()), scores, 1e-6f);
    }

    /** The trainer's own metrics at the end of the best epoch follow from the served predictions. */
    @Test
    void theServedPredictionsGiveTheJobsMetrics() throws Exception {
        float[] served = infer(0, rows.size());
        double loss = 0;
        int right = 0;
        for (int row = 0; row < rows.size(); row++) {
            int digit = Integer.parseInt(rows.get(row)[columns.size() - 1]);
            int best = 0;
            for (int k = 1; k < 10; k++) {
                best = served[row * 10 + k] > served[row * 10 + best] ? k : best;
            }
            right += best == digit ? 1 : 0;
            loss -= Math.log(served[row * 10 + digit]);
        }
        JsonNode metrics = job.path("metrics").path("validation");
        assertThat((double) right / rows.size())
                .isEqualTo(metrics.path("accuracy").asDouble());
        assertThat(loss / rows.size()).isCloseTo(metrics.path("loss").asDouble(), within(1e-6));
    }

    @Test
    void aRowIsPredictedAloneAsAmong500() throws Exception {
        float[] together = infer(0, 500);
        for (int row : new int[] {0, 1, 17, 358, 499}) {
            float[] alone = infer(row, row + 1);
            assertClose(alone, java.util.Arrays.copyOfRange(together, row * 10, row * 10 + 10), 1e-6f);
        }
    }

    private static void assertClose(float[] actual, float[] expected, float tolerance) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.length; i++) {
            assertThat(actual[i]).as("value %d", i).isCloseTo(expected[i], within(tolerance));
        }
    }

    /**
     * An independent reader by the format's own description (u64 header length, JSON header, then raw tensors) and a forward
     * pass in double precision: the file alone says what the model is.
     */
    @Test
    void theSafetensorsFileAloneReproducesThePredictions() throws Exception {
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(model().resolve("weights.safetensors")))
                .order(ByteOrder.LITTLE_ENDIAN);
        byte[] header = new byte[Math.toIntExact(file.getLong())];
        file.get(header);
        ByteBuffer data = file.slice().order(ByteOrder.LITTLE_ENDIAN);
        List<double[][]> layers = new ArrayList<>();
        List<double[]> biases = new ArrayList<>();
        JsonNode tensors = JSON.readTree(header);
        assertThat(tensors.size()).isEqualTo(4);
        for (JsonNode tensor : tensors) {
            assertThat(tensor.path("dtype").asText()).isEqualTo("F32");
            int from = tensor.path("data_offsets").get(0).asInt();
            JsonNode shape = tensor.path("shape");
            double[][] values = new double[shape.size() == 2 ? shape.get(0).asInt() : 1][];
            int width = shape.get(shape.size() - 1).asInt();
            for (int row = 0; row < values.length; row++) {
                values[row] = new double[width];
                for (int i = 0; i < width; i++) {
                    values[row][i] = data.getFloat(from + 4 * (row * width + i));
                }
            }
            if (shape.size() == 2) {
                layers.add(values);
            } else {
                biases.add(values[0]);
            }
        }
        float[] served = infer(0, 20);
        for (int row = 0; row < 20; row++) {
            double[] x = new double[64];
            for (int i = 0; i < 64; i++) {
                x[i] = Double.parseDouble(rows.get(row)[i]) / 16;
            }
            double[] predicted =
                    softmax(layer(relu(layer(x, layers.get(0), biases.get(0))), layers.get(1), biases.get(1)));
            for (int k = 0; k < 10; k++) {
                assertThat((double) served[row * 10 + k]).isCloseTo(predicted[k], within(1e-5));
            }
        }
    }

    /** x W + b, with W [inputs, outputs]. */
    private static double[] layer(double[] x, double[][] weights, double[] bias) {
        double[] y = bias.clone();
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < y.length; j++) {
                y[j] += x[i] * weights[i][j];
            }
        }
        return y;
    }

    private static double[] relu(double[] x) {
        return java.util.Arrays.stream(x).map(v -> Math.max(0, v)).toArray();
    }

    private static double[] softmax(double[] x) {
        double max = java.util.Arrays.stream(x).max().orElse(0);
        double[] e = java.util.Arrays.stream(x).map(v -> Math.exp(v - max)).toArray();
        double sum = java.util.Arrays.stream(e).sum();
        return java.util.Arrays.stream(e).map(v -> v / sum).toArray();
    }

    @Test
    void aWrongTensorIsRefusedWithItsNameAndReason() throws Exception {
        ObjectNode name = request(0, 2);
        ((ObjectNode) name.path("inputs").get(3)).put("name", "p99");
        assertRefused(name, "inputs[3].name", "p99");
        ObjectNode shape = request(0, 2);
        ((ObjectNode) shape.path("inputs").get(3)).putArray("shape").add(2).add(2);
        assertRefused(shape, "inputs[3] (p3).shape", "[2,2]");
        ObjectNode count = request(0, 2);
        ((ArrayNode) count.path("inputs").get(3).path("data")).add(1);
        assertRefused(count, "inputs[3] (p3)", "3");
        ObjectNode type = request(0, 2);
        ((ObjectNode) type.path("inputs").get(3)).put("datatype", "BYTES");
        assertRefused(type, "inputs[3] (p3).datatype", "BYTES");
    }

    private static void assertRefused(JsonNode request, String... parts) throws Exception {
        HttpResponse<String> response = post(request);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        assertThat(JSON.readTree(response.body()).path("error").asText()).contains(parts);
    }
}
