package dev.sampo.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.cluster.Role;
import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.cluster.api.ApiResponse;
import dev.sampo.node.client.Credentials;
import dev.sampo.node.client.JobClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** A cluster in this JVM for a test: real nodes over Artery, and a small data set with a job that learns it. */
public final class TestCluster implements AutoCloseable {
    public static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> ENDS = Set.of("done", "failed", "cancelled");
    /** More than a user waits: tests run beside others. */
    private static final Duration ANSWER_WITHIN = Duration.ofSeconds(60);

    private final Path home;
    private final List<SampoNode> nodes = new ArrayList<>();

    TestCluster(Path home) {
        this.home = home;
    }

    /** One node with every role. */
    public static TestCluster of(Path home, int workers) {
        TestCluster cluster = new TestCluster(home);
        cluster.start(EnumSet.allOf(Role.class), workers);
        return cluster;
    }

    /** Starts a node that joins the first one. */
    SampoNode start(Set<Role> roles, int workers) {
        List<String> seeds = nodes.isEmpty() ? List.of() : List.of(address());
        SampoNode node = SampoNode.start(new NodeOptions(roles, "127.0.0.1", 0, seeds, 0, home, workers));
        nodes.add(node);
        node.awaitUp(Duration.ofSeconds(90));
        return node;
    }

    String address() {
        return "127.0.0.1:" + nodes.get(0).port();
    }

    String http() {
        return "http://127.0.0.1:" + nodes.get(0).httpPort();
    }

    public JobClient client() {
        return JobClient.to(address(), Credentials.NONE, ANSWER_WITHIN);
    }

    JobClient httpClient() {
        return JobClient.to(http(), Credentials.NONE, ANSWER_WITHIN);
    }

    @Override
    public void close() {
        java.util.Collections.reverse(nodes);
        nodes.forEach(SampoNode::stop);
        nodes.clear();
    }

    /** 1013 rows, which neither ranks nor batches divide, of two numbers, a colour and a yes or no. */
    public static Path rows(Path folder) throws IOException {
        Path csv = folder.resolve("rows.csv");
        if (Files.exists(csv)) {
            return csv;
        }
        Random random = new Random(1);
        StringBuilder text = new StringBuilder("a,b,color,y\n");
        for (int i = 0; i < 1013; i++) {
            double a = random.nextGaussian();
            double b = random.nextGaussian();
            String color = List.of("red", "green", "blue").get(random.nextInt(3));
            String y = a + b + (color.equals("red") ? 1 : 0) > 0 ? "yes" : "no";
            text.append(a + "," + b + "," + color + "," + y + "\n");
        }
        return Files.writeString(csv, text);
    }

    /** A job for {@link #rows} that tears its few parameters into several shards. */
    public static ObjectNode spec(String name, Path rows) throws IOException {
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
                """.formatted(name, rows));
    }

    public static JsonNode call(JobClient client, String operation, ObjectNode body) throws Exception {
        ApiResponse response = client.call(new ApiRequest(operation, body.toString()));
        assertThat(response.status()).as(response.body()).isEqualTo(200);
        return JSON.readTree(response.body());
    }

    public static String submit(JobClient client, ObjectNode spec) throws Exception {
        return call(client, "submit", JSON.createObjectNode().set("spec", spec))
                .path("job")
                .asText();
    }

    /** Trains to the end and gives the last status. */
    public static JsonNode train(JobClient client, ObjectNode spec) throws Exception {
        return await(client, submit(client, spec));
    }

    public static JsonNode await(JobClient client, String job) throws Exception {
        return await(client, job, ENDS);
    }

    public static JsonNode await(JobClient client, String job, Set<String> states) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(240).toNanos();
        while (true) {
            JsonNode view = status(client, job);
            if (states.contains(view.path("state").asText())) {
                return view;
            }
            assertThat(ENDS)
                    .as("over before it was seen " + states + ": " + view)
                    .doesNotContain(view.path("state").asText());
            assertThat(System.nanoTime()).as("in time: " + view).isLessThan(end);
            Thread.sleep(50);
        }
    }

    /** The status once the job has come to rest: a whole second passes without a step. */
    public static JsonNode awaitRest(JobClient client, String job) throws Exception {
        JsonNode before = status(client, job);
        for (int i = 0; i < 60; i++) {
            Thread.sleep(1_000);
            JsonNode now = status(client, job);
            if (now.path("step").asLong() == before.path("step").asLong()) {
                return now;
            }
            before = now;
        }
        throw new AssertionError("still at work: " + before);
    }

    public static JsonNode status(JobClient client, String job) throws Exception {
        return call(client, "status", JSON.createObjectNode().put("job", job));
    }

    /** The sha of a job of {@link #spec} that must have ended well, with every row counted once an epoch. */
    public static String sha(JsonNode view) {
        assertThat(view.path("state").asText()).as(view.toString()).isEqualTo("done");
        long rowsPerEpoch = view.path("rowsPerEpoch").asLong();
        assertThat(view.path("rowsApplied").asLong())
                .isEqualTo(view.path("epochs").asLong() * rowsPerEpoch);
        assertThat(rowsPerEpoch + view.path("validationRows").asLong()).isEqualTo(1013);
        return view.path("model").path("weightsSha256").asText();
    }
}
