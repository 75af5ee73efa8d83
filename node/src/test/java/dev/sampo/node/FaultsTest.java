package dev.sampo.node;

import static dev.sampo.node.TestCluster.JSON;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.cluster.api.ApiResponse;
import dev.sampo.node.chaos.NodeProcess;
import dev.sampo.node.client.JobClient;
import dev.sampo.node.client.UnreachableException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** SIGKILL of each kind of node under one job, and of all of them: the model is the one of an undisturbed process. */
@Tag("faults")
class FaultsTest {
    private static final int EPOCHS = 250;

    @TempDir
    private Path home;

    private final Map<String, NodeProcess> nodes = new LinkedHashMap<>();
    private int started;
    private int port;
    private int httpPort;

    @AfterEach
    void stop() {
        nodes.values().forEach(NodeProcess::close);
    }

    private NodeProcess start(String name, String role, String... more) throws Exception {
        String[] arguments = new String[2 + more.length];
        arguments[0] = "--roles";
        arguments[1] = role;
        System.arraycopy(more, 0, arguments, 2, more.length);
        NodeProcess node = NodeProcess.start(home, name + "-" + started++, arguments);
        nodes.put(name, node);
        return node;
    }

    private void startCoordinator(String... seeds) throws Exception {
        String[] fixed = {"--port", "" + port, "--http-port", "" + httpPort};
        String[] all = java.util.stream.Stream.concat(java.util.Arrays.stream(fixed), java.util.Arrays.stream(seeds))
                .toArray(String[]::new);
        start("coordinator", "coordinator", all).awaitUp();
    }

    private void startPeer(String name) throws Exception {
        start(name, name.replaceAll("\\d", ""), "--port", "0", "--seeds", "127.0.0.1:" + port);
    }

    private void startAll() throws Exception {
        startCoordinator();
        for (String peer : new String[] {"ps1", "ps2", "worker1", "worker2", "ingest1", "ingest2"}) {
            startPeer(peer);
        }
        for (NodeProcess node : nodes.values()) {
            node.awaitUp();
        }
    }

    private static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Test
    void theModelIsTheSameBitsWhoeverIsKilled() throws Exception {
        ObjectNode job = TestCluster.spec("tough", TestCluster.rows(home));
        job.withObject("/training").put("epochs", EPOCHS);
        String alone;
        try (TestCluster cluster = TestCluster.of(Files.createDirectories(home.resolve("alone")), 2);
                JobClient client = cluster.client()) {
            alone = TestCluster.sha(TestCluster.train(client, job));
        }
        port = freePort();
        httpPort = freePort();
        startAll();
        try (JobClient client = JobClient.to("http://127.0.0.1:" + httpPort)) {
            String id = TestCluster.submit(client, job);
            long step = awaitBeyond(client, id, 200);
            for (String victim : new String[] {"worker1", "ps1", "ingest1"}) {
                nodes.get(victim).kill();
                startPeer(victim);
                step = awaitBeyond(client, id, step + 100);
            }
            nodes.get("coordinator").kill();
            startCoordinator("--seeds", nodes.get("ps2").address());
            step = awaitBeyond(client, id, step + 100);
            for (NodeProcess node : nodes.values()) {
                node.kill();
            }
            startAll();
            JsonNode view = awaitEnd(client, id);
            assertThat(TestCluster.sha(view)).isEqualTo(alone);
        }
    }

    /** The status, or null while nobody answers. */
    private static JsonNode status(JobClient client, String job) throws Exception {
        try {
            ApiResponse response = client.call(new ApiRequest(
                    "status", JSON.createObjectNode().put("job", job).toString()));
            return response.status() == 200 ? JSON.readTree(response.body()) : null;
        } catch (UnreachableException e) {
            return null;
        }
    }

    private long awaitBeyond(JobClient client, String job, long step) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        JsonNode last = null;
        while (System.nanoTime() < end) {
            JsonNode view = status(client, job);
            if (view != null) {
                last = view;
                assertThat(view.path("state").asText()).as(view.toString()).isNotIn("failed", "done");
                if (view.path("step").asLong() > step) {
                    return view.path("step").asLong();
                }
            }
            Thread.sleep(100);
        }
        throw new AssertionError("no progress beyond step " + step + ": " + last + "\n" + logs());
    }

    private JsonNode awaitEnd(JobClient client, String job) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(120).toNanos();
        JsonNode last = null;
        while (System.nanoTime() < end) {
            JsonNode view = status(client, job);
            last = view == null ? last : view;
            if (view != null && view.path("state").asText().matches("done|failed|cancelled")) {
                return view;
            }
            Thread.sleep(100);
        }
        throw new AssertionError("no end: " + last + "\n" + logs());
    }

    private String logs() throws Exception {
        StringBuilder logs = new StringBuilder();
        for (var each : nodes.entrySet()) {
            logs.append("---- ")
                    .append(each.getKey())
                    .append('\n')
                    .append(each.getValue().log());
        }
        return logs.toString();
    }
}
