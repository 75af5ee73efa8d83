package dev.sampo.node;

import static dev.sampo.node.TestCluster.call;
import static dev.sampo.node.TestCluster.spec;
import static dev.sampo.node.TestCluster.train;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.cluster.Role;
import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.node.client.JobClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same job gives the same model bit for bit, however many workers and nodes it runs on. */
class SameBitsTest {
    @TempDir
    private Path home;

    @Test
    void theModelIsTheSameBitsOnAnyCluster() throws Exception {
        ObjectNode job = spec("any", TestCluster.rows(home));
        List<String> shas = new ArrayList<>();
        for (int workers = 1; workers <= 3; workers++) {
            try (TestCluster cluster = TestCluster.of(home, workers);
                    JobClient client = cluster.client()) {
                JsonNode view = train(client, job);
                shas.add(TestCluster.sha(view));
                assertThat(view.path("metrics")
                                .path("validation")
                                .path("accuracy")
                                .asDouble())
                        .isGreaterThan(0.85);
            }
        }
        try (TestCluster cluster = new TestCluster(home)) {
            cluster.start(EnumSet.of(Role.COORDINATOR, Role.SERVING), 0);
            cluster.start(EnumSet.of(Role.PS), 0);
            cluster.start(EnumSet.of(Role.PS), 0);
            cluster.start(EnumSet.of(Role.INGEST), 0);
            cluster.start(EnumSet.of(Role.WORKER), 1);
            cluster.start(EnumSet.of(Role.WORKER), 2);
            try (JobClient client = cluster.httpClient()) {
                shas.add(TestCluster.sha(train(client, job)));
                predictsThroughBothDoors(client, cluster);
                shas.add(TestCluster.sha(pausedAndResumed(client, job)));
            }
        }
        assertThat(shas).hasSize(5).containsOnly(shas.get(0));
    }

    /** What gradients lose before they travel is lost the same in one process and on the wire. */
    @Test
    void compressedGradientsGiveTheSameBitsOnAnyCluster() throws Exception {
        List<ObjectNode> jobs = new ArrayList<>();
        for (String method : List.of("none", "float16", "bfloat16", "topk")) {
            ObjectNode job = spec(method, TestCluster.rows(home));
            job.withObject("/training").put("gradientCompression", method);
            jobs.add(job);
        }
        List<String> local = new ArrayList<>();
        try (TestCluster cluster = TestCluster.of(home, 1);
                JobClient client = cluster.client()) {
            for (ObjectNode job : jobs) {
                local.add(TestCluster.sha(train(client, job)));
            }
        }
        assertThat(local).doesNotHaveDuplicates();
        List<String> apart = new ArrayList<>();
        try (TestCluster cluster = new TestCluster(home)) {
            startApart(cluster, 3);
            try (JobClient client = cluster.client()) {
                for (ObjectNode job : jobs) {
                    apart.add(TestCluster.sha(train(client, job)));
                }
                assertThat(TestCluster.sha(paused(client, jobs.get(3)))).isEqualTo(local.get(3));
            }
        }
        assertThat(apart).isEqualTo(local);
    }

    /** Few values are non-zero, and the first layer is wide: rows are sparse wherever they are made, and sums are in one order. */
    @Test
    void skippedZerosGiveTheSameBitsOnAnyCluster() throws Exception {
        ObjectNode job = spec("zeros", mostlyZeros());
        job.putArray("features")
                .addObject()
                .put("transform", "scale")
                .put("divideBy", 2)
                .putArray("columns")
                .add("x*");
        job.withObject("/model").putArray("hidden").add(70).add(5);
        job.withObject("/parameterServer").put("shardFloats", 500);
        job.withObject("/training").put("batchSize", 40);
        List<String> shas = new ArrayList<>();
        for (int workers = 1; workers <= 3; workers += 2) {
            try (TestCluster cluster = TestCluster.of(home, workers);
                    JobClient client = cluster.client()) {
                shas.add(TestCluster.sha(train(client, job)));
            }
        }
        try (TestCluster cluster = new TestCluster(home)) {
            startApart(cluster, 2);
            try (JobClient client = cluster.client()) {
                shas.add(TestCluster.sha(train(client, job)));
            }
        }
        assertThat(shas).hasSize(3).containsOnly(shas.get(0));
        assertThat(home.resolve("models/zeros/1/features.json")).content().contains("\"sparse\" : true");
    }

    /** As many rows as {@link TestCluster#rows} of 24 numbers, an eighth of them other than 0. */
    private Path mostlyZeros() throws IOException {
        Random random = new Random(3);
        StringBuilder text = new StringBuilder("y");
        for (int i = 0; i < 24; i++) {
            text.append(",x").append(i);
        }
        for (int row = 0; row < 1013; row++) {
            StringBuilder cells = new StringBuilder();
            double sum = 0;
            for (int i = 0; i < 24; i++) {
                double x = random.nextInt(8) == 0 ? random.nextGaussian() : 0;
                sum += i % 2 == 0 ? x : -x;
                cells.append(',').append(x);
            }
            text.append('\n').append(sum > 0 ? "yes" : "no").append(cells);
        }
        return Files.writeString(home.resolve("zeros.csv"), text.append('\n'));
    }

    /** Not the same bits, but every row once an epoch, and a model that has learnt; without staleness the bits of bsp. */
    @Test
    void staleStepsTrainInOneProcessAndOnTheWire() throws Exception {
        List<ObjectNode> jobs = new ArrayList<>();
        for (String consistency : List.of("bsp", "asp", "ssp 3", "ssp 0")) {
            String[] words = consistency.split(" ");
            ObjectNode job = spec(consistency.replace(' ', '-'), TestCluster.rows(home));
            ObjectNode mode =
                    job.withObject("/training").putObject("consistency").put("mode", words[0]);
            if (words.length > 1) {
                mode.put("staleness", Integer.parseInt(words[1]));
            }
            jobs.add(job);
        }
        try (TestCluster cluster = TestCluster.of(home, 2);
                JobClient client = cluster.client()) {
            learn(client, jobs);
        }
        try (TestCluster cluster = new TestCluster(home)) {
            startApart(cluster, 2);
            try (JobClient client = cluster.client()) {
                learn(client, jobs);
            }
        }
    }

    /** Two ps nodes, and so many lanes on a node of their own: contributions and values go over the wire. */
    private static void startApart(TestCluster cluster, int lanes) {
        cluster.start(EnumSet.of(Role.COORDINATOR, Role.INGEST, Role.SERVING), 0);
        cluster.start(EnumSet.of(Role.PS), 0);
        cluster.start(EnumSet.of(Role.PS), 0);
        cluster.start(EnumSet.of(Role.WORKER), lanes);
    }

    private static void learn(JobClient client, List<ObjectNode> jobs) throws Exception {
        List<String> shas = new ArrayList<>();
        for (ObjectNode job : jobs) {
            JsonNode view = train(client, job);
            shas.add(TestCluster.sha(view));
            assertThat(view.at("/metrics/validation/accuracy").asDouble())
                    .as(job.path("name").asText())
                    .isGreaterThan(0.85);
        }
        assertThat(shas.get(3)).isEqualTo(shas.get(0));
    }

    /**
     * Trains and pauses on the way, wherever it is then; under top-k, what ranks have not sent is lost there, and the job
     * goes back. A job that was over before the pause came is trained again.
     */
    private static JsonNode paused(JobClient client, ObjectNode job) throws Exception {
        for (int attempt = 0; attempt < 20; attempt++) {
            String id = TestCluster.submit(client, job);
            TestCluster.await(client, id, Set.of("training", "evaluating", "done"));
            ObjectNode named = TestCluster.JSON.createObjectNode().put("job", id);
            client.call(new ApiRequest("pause", named.toString()));
            JsonNode seen = TestCluster.await(client, id, Set.of("paused", "done"));
            if (seen.path("state").asText().equals("paused")) {
                call(client, "resume", named);
                return TestCluster.await(client, id);
            }
        }
        throw new AssertionError("always over before it could be paused");
    }

    private static void predictsThroughBothDoors(JobClient http, TestCluster cluster) throws Exception {
        ObjectNode body = (ObjectNode) TestCluster.JSON.readTree("""
                {"model": "any", "version": 4, "columns": ["a", "b", "color"],
                 "rows": [[3, 3, "red"], [-3, -3, "blue"]]}
                """);
        JsonNode overHttp = call(http, "predict", body);
        assertThat(overHttp.path("predictions").path(0).path("label").asText()).isEqualTo("yes");
        assertThat(overHttp.path("predictions").path(1).path("label").asText()).isEqualTo("no");
        try (JobClient client = cluster.client()) {
            assertThat(call(client, "predict", body)).isEqualTo(overHttp);
        }
    }

    /** The same job, with timed checkpoints and a pause on the way: neither may show in the result. */
    private static JsonNode pausedAndResumed(JobClient client, ObjectNode job) throws Exception {
        ObjectNode slow = job.deepCopy();
        slow.withObject("/training").putObject("checkpoint").put("everyMinutes", 0.0005);
        return paused(client, slow);
    }
}
