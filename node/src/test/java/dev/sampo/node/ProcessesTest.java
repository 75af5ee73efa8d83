package dev.sampo.node;

import static dev.sampo.node.TestCluster.JSON;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sampo.node.chaos.NodeProcess;
import dev.sampo.node.client.JobClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** A cluster of nine processes, used through the command line by both doors. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ProcessesTest {
    @TempDir
    private static Path home;

    private static final List<NodeProcess> NODES = new ArrayList<>();
    private static String door;
    private static String http;
    private static Path spec;

    @BeforeAll
    static void start() throws Exception {
        spec = Files.writeString(
                home.resolve("job.json"),
                TestCluster.spec("mill", TestCluster.rows(home)).toString());
        NodeProcess first =
                NodeProcess.start(home, "coordinator", "--roles", "coordinator", "--port", "0", "--http-port", "0");
        NODES.add(first);
        door = first.awaitUp().address();
        http = first.http();
        for (String role : List.of("ps", "ps", "worker", "worker", "worker", "ingest", "ingest", "serving")) {
            NODES.add(NodeProcess.start(
                    home, role + "-" + NODES.size(), "--roles", role, "--port", "0", "--seeds", door));
        }
        for (NodeProcess node : NODES) {
            node.awaitUp();
        }
    }

    @AfterAll
    static void stop() {
        NODES.forEach(NodeProcess::close);
    }

    @Test
    @Order(1)
    void everyNodeIsListed() throws Exception {
        JsonNode nodes = Sampo.run("nodes", "--cluster", http, "--json").json().path("nodes");
        assertThat(nodes)
                .hasSize(9)
                .allSatisfy(node -> assertThat(node.path("status").asText()).isEqualTo("up"));
    }

    @Test
    @Order(2)
    void theModelIsThatOfOneProcess() throws Exception {
        String alone;
        try (TestCluster cluster = TestCluster.of(Files.createDirectories(home.resolve("alone")), 1);
                JobClient client = cluster.client()) {
            alone = TestCluster.sha(TestCluster.train(
                    client, (com.fasterxml.jackson.databind.node.ObjectNode) JSON.readTree(spec.toFile())));
        }
        for (String cluster : List.of(door, http)) {
            Sampo.Ran ran = Sampo.run("submit", spec.toString(), "--cluster", cluster, "--wait", "--json");
            assertThat(ran.code()).isZero();
            JsonNode view = ran.json();
            assertThat(TestCluster.sha(view)).isEqualTo(alone);
            assertThat(view.path("workers").asInt()).isEqualTo(3);
        }
    }

    @Test
    @Order(3)
    void aJobIsPausedResumedAndCancelledThroughEitherDoor() throws Exception {
        String job = Sampo.run("submit", spec.toString(), "--set", "training.epochs=100000", "--cluster", http)
                .out()
                .strip();
        try (JobClient client = JobClient.to(door)) {
            TestCluster.await(client, job, java.util.Set.of("training"));
            assertThat(Sampo.run("pause", job, "--cluster", door).code()).isZero();
            TestCluster.await(client, job, java.util.Set.of("paused"));
            // Steps that were under way when it was asked still count.
            assertThat(TestCluster.awaitRest(client, job).path("state").asText())
                    .isEqualTo("paused");
            assertThat(Sampo.run("resume", job, "--cluster", http).code()).isZero();
            TestCluster.await(client, job, java.util.Set.of("training", "evaluating"));
            assertThat(Sampo.run("cancel", job, "--cluster", door).code()).isZero();
            assertThat(TestCluster.await(client, job).path("state").asText()).isEqualTo("cancelled");
        }
        assertThat(Sampo.run("status", job, "--follow", "--cluster", http).code())
                .as("a cancelled job is no success")
                .isEqualTo(1);
        assertThat(Sampo.run("jobs", "--cluster", door).out()).contains(job).contains("cancelled");
    }

    @Test
    @Order(4)
    void predictionsAreTheSameThroughBothDoors() throws Exception {
        Path rows = Files.writeString(home.resolve("ask.csv"), "a,b,color\n3,3,red\n-3,-3,blue\n");
        Sampo.Ran overArtery = Sampo.run("predict", "mill", "--data", rows.toString(), "--cluster", door);
        assertThat(overArtery.code()).isZero();
        assertThat(overArtery.out().lines().map(line -> line.split(" ")[0])).containsExactly("yes", "no");
        assertThat(Sampo.run("predict", "mill", "--data", rows.toString(), "--cluster", http)
                        .out())
                .isEqualTo(overArtery.out());
        assertThat(Sampo.run("models", "--cluster", door).out())
                .contains("mill")
                .contains("READY");
    }

    @Test
    @Order(5)
    void nodesStopInGoodOrder() throws Exception {
        for (int i = NODES.size() - 1; i >= 0; i--) {
            NODES.get(i).close();
            assertThat(NODES.get(i).exitCode()).as(NODES.get(i).log()).isIn(0, 143);
            assertThat(NODES.get(i).log()).doesNotContain("Exception");
        }
    }
}
