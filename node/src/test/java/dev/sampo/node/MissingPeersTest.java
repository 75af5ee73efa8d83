package dev.sampo.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sampo.cluster.Role;
import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.node.client.JobClient;
import dev.sampo.node.client.UnreachableException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whoever is missing is named, and every wait ends. */
class MissingPeersTest {
    @TempDir
    private Path home;

    @ParameterizedTest
    @EnumSource(
            value = Role.class,
            names = {"WORKER", "PS", "INGEST"})
    void aJobSaysWhichRoleIsMissing(Role missing) throws Exception {
        try (TestCluster cluster = new TestCluster(home)) {
            cluster.start(EnumSet.complementOf(EnumSet.of(missing)), 1);
            try (JobClient client = cluster.client()) {
                String job = TestCluster.submit(client, TestCluster.spec("alone", TestCluster.rows(home)));
                JsonNode waiting = waitingFor(client, job);
                assertThat(waiting.path("waitingFor").asText()).isEqualTo("a node with role " + missing.text());
                // It starts as soon as the missing one is there.
                cluster.start(EnumSet.of(missing), 1);
                JsonNode view = TestCluster.await(client, job);
                assertThat(view.path("state").asText()).as(view.toString()).isEqualTo("done");
                assertThat(view.has("waitingFor") && !view.path("waitingFor").isNull())
                        .isFalse();
            }
        }
    }

    private static JsonNode waitingFor(JobClient client, String job) throws Exception {
        for (int i = 0; i < 300; i++) {
            JsonNode view = TestCluster.status(client, job);
            if (view.hasNonNull("waitingFor")) {
                return view;
            }
            assertThat(view.path("state").asText()).as(view.toString()).isNotIn(Set.of("done", "failed"));
            Thread.sleep(50);
        }
        throw new AssertionError("the job never said whom it waits for");
    }

    /** A client may meet any node, and meets it before that one has heard where the coordinator is. */
    @Test
    void aNodeThatHasJustJoinedAnswersAClient() throws Exception {
        try (TestCluster cluster = new TestCluster(home)) {
            cluster.start(EnumSet.of(Role.COORDINATOR, Role.SERVING), 0);
            for (int i = 0; i < 4; i++) {
                String joined =
                        "127.0.0.1:" + cluster.start(EnumSet.of(Role.PS), 0).port();
                try (JobClient client = JobClient.to(joined)) {
                    for (String operation : List.of("jobs", "models", "nodes")) {
                        TestCluster.call(client, operation, TestCluster.JSON.createObjectNode());
                    }
                }
            }
        }
    }

    private static int closedPort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void assertUnreachable(String address) {
        long began = System.nanoTime();
        try (JobClient client = JobClient.to(address)) {
            assertThatThrownBy(() -> client.call(new ApiRequest("jobs", "{}")))
                    .isInstanceOf(UnreachableException.class)
                    .hasMessageContaining("no cluster answers at " + address);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(15));
    }

    @Test
    void noClusterAtTheAddressEndsInTime() throws Exception {
        assertUnreachable("127.0.0.1:" + closedPort());
        assertUnreachable("http://127.0.0.1:" + closedPort());
    }

    /** Somebody listens, but says nothing. */
    @Test
    void aSilentListenerEndsInTime() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            assertUnreachable("127.0.0.1:" + silent.getLocalPort());
            assertUnreachable("http://127.0.0.1:" + silent.getLocalPort());
        }
    }

    @Test
    void aPortInUseIsNamed() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int port = taken.getLocalPort();
            assertThatThrownBy(() -> SampoNode.start(
                            new NodeOptions(EnumSet.of(Role.PS), "127.0.0.1", port, List.of(), -1, home, 0)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("127.0.0.1:" + port)
                    .hasMessageContaining("--port");
            assertThatThrownBy(() -> SampoNode.start(
                            new NodeOptions(EnumSet.of(Role.PS), "127.0.0.1", 0, List.of(), port, home, 0)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("HTTP on 127.0.0.1:" + port)
                    .hasMessageContaining("--http-port");
        }
    }
}
