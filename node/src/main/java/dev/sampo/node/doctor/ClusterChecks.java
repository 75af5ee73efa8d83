package dev.sampo.node.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.cluster.api.ApiResponse;
import dev.sampo.node.client.JobClient;
import dev.sampo.node.client.UnreachableException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;

/** A running cluster: that it answers, that its nodes can be reached from here, and that they see the same home folder. */
final class ClusterChecks implements Doctor.Check {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration WITHIN = Duration.ofSeconds(5);
    private final Path home;
    private final ClusterDoor door;

    ClusterChecks(Path home, ClusterDoor door) {
        this.home = home;
        this.door = door;
    }

    @Override
    public void look(Consumer<Finding> findings) throws IOException, InterruptedException {
        if (door.address().isEmpty()) {
            return;
        }
        try (JobClient client = JobClient.to(door.address(), door.credentials())) {
            JsonNode nodes = call(client, "nodes").path("nodes");
            findings.accept(Finding.ok("cluster", door.address() + " answers: " + nodes.size() + " nodes"));
            nodes.forEach(node -> findings.accept(node(node)));
            clock(findings);
            findings.accept(sameModels(call(client, "models").path("models")));
        } catch (UnreachableException e) {
            findings.accept(Finding.fail(
                    "cluster",
                    String.valueOf(e.getMessage()),
                    "name a node with --cluster, and what it asks for (--tls-dir, --ca, --token-file)"));
        }
    }

    /** Health is told without a token, and every HTTP answer has a date. */
    private void clock(Consumer<Finding> findings) throws IOException, InterruptedException {
        if (!door.address().startsWith("http")) {
            return;
        }
        HttpClient.Builder http = HttpClient.newBuilder().connectTimeout(WITHIN);
        SSLContext https = door.credentials().https();
        if (https != null) {
            http.sslContext(https);
        }
        URI uri = URI.create(door.address().replaceFirst("/+$", "") + "/v2/health/live");
        var answer = http.build()
                .send(HttpRequest.newBuilder(uri).timeout(WITHIN).build(), HttpResponse.BodyHandlers.discarding());
        findings.accept(Clock.compare(
                door.address(), answer.headers().firstValue("Date").orElse(""), Instant.now()));
    }

    private static JsonNode call(JobClient client, String operation) throws UnreachableException, IOException {
        ApiResponse response = client.call(new ApiRequest(operation, "{}"));
        JsonNode answer = JSON.readTree(response.body());
        if (response.status() != 200) {
            throw new UnreachableException(
                    operation + ": " + answer.path("error").asText("status " + response.status()));
        }
        return answer;
    }

    private static Finding node(JsonNode node) {
        String address = node.path("address").asText();
        List<String> roles = new ArrayList<>();
        node.path("roles").forEach(role -> roles.add(role.asText()));
        String name = "node " + address;
        String found = String.join(",", roles) + ", " + node.path("status").asText();
        int colon = address.lastIndexOf(':');
        boolean reachable =
                PortChecks.isReachable(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)));
        if (!node.path("status").asText().equals("up")) {
            return Finding.warn(name, found, "look at its log; an unreachable node is taken out by itself");
        }
        return reachable
                ? Finding.ok(name, found)
                : Finding.warn(
                        name,
                        found + ", but not reachable from here",
                        "a client outside needs the HTTP door; nodes must reach each other");
    }

    /** What the serving nodes see under models/ must be here too. */
    private Finding sameModels(JsonNode models) {
        List<String> missing = new ArrayList<>();
        for (JsonNode model : models) {
            String version =
                    model.path("name").asText() + "/" + model.path("version").asInt();
            if (!Files.isDirectory(home.resolve("models").resolve(version))) {
                missing.add(version);
            }
        }
        if (missing.isEmpty()) {
            return Finding.ok("same home", models.size() + " model versions of the cluster are all under " + home);
        }
        return Finding.fail(
                "same home",
                missing.size() + " model versions of the cluster are not under " + home + ", such as " + missing.get(0),
                "let all nodes mount the same folder, and name it with --home");
    }
}
