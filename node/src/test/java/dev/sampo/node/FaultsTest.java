package dev.sampo.node;

import static dev.sampo.node.TestCluster.JSON;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.cluster.Role;
import dev.sampo.node.chaos.ChaosRun;
import dev.sampo.node.chaos.ChaosRun.Outcome;
import dev.sampo.node.chaos.ClusterProcesses;
import dev.sampo.node.chaos.Fault;
import dev.sampo.node.client.JobClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real processes under faults: the model is the one of an undisturbed process, and every row counts once. */
class FaultsTest {
    @TempDir
    private Path home;

    private JsonNode torture(List<Fault> plan, long seed, int epochs) throws Exception {
        ObjectNode job = TestCluster.spec("tough", TestCluster.rows(home));
        job.withObject("/training").put("epochs", epochs);
        String alone;
        try (TestCluster cluster = TestCluster.of(Files.createDirectories(home.resolve("alone")), 2);
                JobClient client = cluster.client()) {
            alone = TestCluster.sha(TestCluster.train(client, job));
        }
        List<Outcome> outcomes = new ArrayList<>();
        Map<Role, Integer> nodes = Map.of(Role.COORDINATOR, 1, Role.PS, 2, Role.WORKER, 2, Role.INGEST, 1);
        try (ClusterProcesses cluster = ClusterProcesses.start(home, nodes);
                JobClient client = JobClient.to(cluster.http().findFirst().orElseThrow())) {
            String id = TestCluster.submit(client, job);
            JsonNode view = new ChaosRun(cluster, id, seed, outcomes::add).run(plan);
            assertThat(TestCluster.sha(view)).as(outcomes.toString()).isEqualTo(alone);
            assertThat(outcomes).as("faults while it trained").hasSameSizeAs(plan);
            return view;
        }
    }

    @Test
    void aLostParameterServerCostsNoStep() throws Exception {
        JsonNode view = torture(Fault.plan("wait 2; kill ps; kill worker; drain ps"), 1, 300);
        assertThat(view.path("recoveries").asInt()).isZero();
        assertThat(view.path("shardsMoved").asInt()).isPositive();
        assertThat(JSON.writeValueAsString(view)).doesNotContain("failed");
    }

    @Tag("faults")
    @Test
    void theModelIsTheSameBitsWhoeverIsKilled() throws Exception {
        torture(
                Fault.plan("kill worker worker; kill ps; kill ps; kill ingest; kill coordinator; kill coordinator ps;"
                        + " freeze worker 30; scale worker 4; scale worker 2; scale ps 3; scale ps 2; kill all"),
                1,
                700);
    }

    @Tag("faults")
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void aRandomPlanDoesNotChangeABit(long seed) throws Exception {
        torture(Fault.random(12, seed), seed, 700);
    }
}
