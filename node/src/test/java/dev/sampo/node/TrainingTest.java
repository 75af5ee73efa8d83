package dev.sampo.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.cluster.Role;
import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.cluster.api.ApiResponse;
import dev.sampo.node.client.JobClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole jobs on real clusters of this JVM, through the doors a user has. */
class TrainingTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path home;

    private final List<SampoNode> nodes = new ArrayList<>();

    private SampoNode node(Set<Role> roles, int workers, SampoNode seed) {
        SampoNode node = SampoNode.start(new NodeOptions(
                roles,
                "127.0.0.1",
                0,
                seed == null ? List.of() : List.of("127.0.0.1:" + seed.port()),
                0,
                home,
                workers));
        nodes.add(node);
        node.awaitUp(Duration.ofSeconds(30));
        return node;
    }

    private void stopAll() {
        java.util.Collections.reverse(nodes);
        nodes.forEach(SampoNode::stop);
        nodes.clear();
    }

    private ObjectNode spec(String name) throws Exception {
        Path csv = home.resolve("rows.csv");
        if (!Files.exists(csv)) {
            Random random = new Random(1);
            StringBuilder text = new StringBuilder("a,b,color,y\n");
            // 1013 rows: neither ranks nor batches divide them.
            for (int i = 0; i < 1013; i++) {
                double a = random.nextGaussian();
                double b = random.nextGaussian();
                String color = List.of("red", "green", "blue").get(random.nextInt(3));
                String y = a + b + (color.equals("red") ? 1 : 0) > 0 ? "yes" : "no";
                text.append(a)
                        .append(',')
                        .append(b)
                        .append(',')
                        .append(color)
                        .append(',')
                        .append(y)
                        .append('\n');
            }
            Files.writeString(csv, text);
        }
        return (ObjectNode) JSON.readTree("""
                {"name": "%s",
                 "data": {"train": "%s", "validationFraction": 0.2, "chunkRows": 100,
                          "label": {"column": "y", "type": "binary", "positive": "yes"}},
                 "features": [{"columns": ["a", "b"], "transform": "standardize"},
                              {"columns": ["color"], "transform": "oneHot"}],
                 "model": {"type": "mlp", "hidden": [16]},
                 "parameterServer": {"shardFloats": 40},
                 "training": {"epochs": 4, "ranks": 5, "batchSize": 7, "gradientClipping": {"norm": 1.0},
                              "optimizer": {"type": "adam", "learningRate": 0.01}}}
                """.formatted(name, csv));
    }

    private static JsonNode call(JobClient client, String operation, ObjectNode body) throws Exception {
        ApiResponse response = client.call(new ApiRequest(operation, body.toString()));
        assertThat(response.status()).as(response.body()).isEqualTo(200);
        return JSON.readTree(response.body());
    }

    private static JsonNode train(JobClient client, ObjectNode spec) throws Exception {
        String job = call(client, "submit", JSON.createObjectNode().set("spec", spec))
                .path("job")
                .asText();
        return await(client, job);
    }

    private static JsonNode await(JobClient client, String job) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(90).toNanos();
        while (true) {
            JsonNode view = call(client, "status", JSON.createObjectNode().put("job", job));
            if (Set.of("done", "failed", "cancelled")
                    .contains(view.path("state").asText())) {
                return view;
            }
            assertThat(System.nanoTime()).as("in time: " + view).isLessThan(end);
            Thread.sleep(50);
        }
    }

    @Test
    void theModelIsTheSameBitsOnAnyCluster() throws Exception {
        List<String> shas = new ArrayList<>();
        try {
            for (int workers = 1; workers <= 3; workers++) {
                SampoNode node = node(EnumSet.allOf(Role.class), workers, null);
                try (JobClient client = JobClient.to("127.0.0.1:" + node.port())) {
                    shas.add(done(train(client, spec("any"))));
                }
                stopAll();
            }
            SampoNode first = node(EnumSet.of(Role.COORDINATOR, Role.SERVING), 0, null);
            node(EnumSet.of(Role.PS), 0, first);
            node(EnumSet.of(Role.PS), 0, first);
            node(EnumSet.of(Role.INGEST), 0, first);
            node(EnumSet.of(Role.WORKER), 1, first);
            node(EnumSet.of(Role.WORKER), 2, first);
            try (JobClient client = JobClient.to("http://127.0.0.1:" + first.httpPort())) {
                shas.add(done(train(client, spec("any"))));
                predictsThroughBothDoors(client, first);
            }
        } finally {
            stopAll();
        }
        assertThat(shas).hasSize(4).containsOnly(shas.get(0));
    }

    /** The sha of a job that must have ended well, with every row counted once an epoch. */
    private static String done(JsonNode view) {
        assertThat(view.path("state").asText()).as(view.toString()).isEqualTo("done");
        assertThat(view.path("rowsApplied").asLong())
                .isEqualTo(4 * view.path("rowsPerEpoch").asLong());
        assertThat(view.path("rowsPerEpoch").asLong()
                        + view.path("validationRows").asLong())
                .isEqualTo(1013);
        assertThat(view.path("metrics").path("validation").path("accuracy").asDouble())
                .isGreaterThan(0.85);
        return view.path("model").path("weightsSha256").asText();
    }

    private static void predictsThroughBothDoors(JobClient http, SampoNode node) throws Exception {
        ObjectNode body = (ObjectNode)
                JSON.readTree(
                        "{\"model\": \"any\", \"version\": 4, \"columns\": [\"a\", \"b\", \"color\"], \"rows\": [[3, 3, \"red\"], [-3, -3, \"blue\"]]}");
        JsonNode overHttp = call(http, "predict", body);
        assertThat(overHttp.path("predictions").path(0).path("label").asText()).isEqualTo("yes");
        assertThat(overHttp.path("predictions").path(1).path("label").asText()).isEqualTo("no");
        try (JobClient client = JobClient.to("127.0.0.1:" + node.port())) {
            assertThat(call(client, "predict", body)).isEqualTo(overHttp);
        }
    }

    @Test
    void badInputIsNamedAndNothingHangs() throws Exception {
        SampoNode node = node(EnumSet.allOf(Role.class), 1, null);
        try (JobClient client = JobClient.to("127.0.0.1:" + node.port())) {
            ObjectNode missing = spec("bad");
            missing.withObject("/data").put("train", home.resolve("nowhere.csv").toString());
            assertThat(train(client, missing).path("reason").asText()).contains("nowhere.csv");

            Path ragged = Files.writeString(home.resolve("ragged.csv"), "a,b,color,y\n1,2,red,yes\n1,2,red\n");
            ObjectNode raggedSpec = spec("bad");
            raggedSpec.withObject("/data").put("train", ragged.toString());
            assertThat(train(client, raggedSpec).path("reason").asText())
                    .contains("line 3")
                    .contains("expected 4 fields, found 3");

            Path nan = Files.writeString(home.resolve("nan.csv"), "a,b,color,y\n1,2,red,yes\nNaN,2,red,no\n");
            ObjectNode nanSpec = spec("bad");
            nanSpec.withObject("/data").put("train", nan.toString());
            assertThat(train(client, nanSpec).path("reason").asText()).contains("column a");

            ObjectNode unknown = spec("bad");
            unknown.withObject("/training").put("batchSize", -1).put("epoch", 3);
            ApiResponse refused = client.call(new ApiRequest(
                    "submit",
                    JSON.createObjectNode().<ObjectNode>set("spec", unknown).toString()));
            assertThat(refused.status()).isEqualTo(400);
            assertThat(refused.body())
                    .contains("training.batchSize: must be ≥ 1, was -1")
                    .contains("training.epoch: unknown key, did you mean epochs?");

            ObjectNode diverging = spec("bad");
            diverging.withObject("/training").remove("gradientClipping");
            diverging
                    .withObject("/training")
                    .putObject("optimizer")
                    .put("type", "sgd")
                    .put("learningRate", 1e30);
            assertThat(train(client, diverging).path("reason").asText())
                    .contains("diverged at step")
                    .contains("learningRate");
        } finally {
            stopAll();
        }
    }
}
