package dev.sampo.node.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.sampo.cluster.tls.TlsFiles;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * As much of a Kubernetes API server as a Sampo pod talks to, over TLS, for bearers of the token: the pods of a namespace by
 * equality-based label selectors, their annotations, access reviews, and its version. It can be told to fail.
 */
public final class FakeKubernetesApi implements AutoCloseable {
    static final String NAMESPACE = "mill";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What it answers to everything. */
    enum Mood {
        WELL,
        FORBIDDEN,
        GONE,
        BROKEN,
        HANGING
    }

    /** A pod as the API tells it. */
    record Pod(String name, Map<String, String> labels, String ip, String phase, boolean terminating) {}

    private final HttpsServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Map<String, Pod> pods = new ConcurrentSkipListMap<>();
    private final Map<String, String> annotations = new ConcurrentHashMap<>();
    private final Set<Integer> statuses = ConcurrentHashMap.newKeySet();
    private final Path serviceAccount;
    private volatile Mood mood = Mood.WELL;
    private volatile String token = "";
    private volatile Set<String> denied = Set.of();

    FakeKubernetesApi(Path folder) throws Exception {
        Path tls = folder.resolve("api");
        new Certificates("kubernetes").issue(tls, Duration.ofHours(1));
        serviceAccount = Files.createDirectories(folder.resolve("serviceaccount"));
        Files.copy(tls.resolve("ca.crt"), serviceAccount.resolve("ca.crt"));
        Files.writeString(serviceAccount.resolve("namespace"), NAMESPACE);
        accept("first");
        mount("first");
        server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(new TlsFiles(tls).context()));
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    /** Where a pod's service account is mounted. */
    Path serviceAccount() {
        return serviceAccount;
    }

    /** What kubelet sets in a pod. */
    Map<String, String> environment() {
        return Map.of(
                "KUBERNETES_SERVICE_HOST",
                "127.0.0.1",
                "KUBERNETES_SERVICE_PORT",
                "" + server.getAddress().getPort(),
                "SAMPO_SERVICE_ACCOUNT",
                serviceAccount.toString());
    }

    void mood(Mood now) {
        mood = now;
    }

    /** From now on only this token is accepted. */
    void accept(String now) {
        token = now;
    }

    /** From now on pods have this token. */
    void mount(String now) throws IOException {
        Files.writeString(serviceAccount.resolve("token"), now);
    }

    /** From now on the service account has no right to these verbs on pods. */
    void deny(String... verbs) {
        denied = Set.of(verbs);
    }

    void put(Pod pod) {
        pods.put(pod.name(), pod);
    }

    void remove(String pod) {
        pods.remove(pod);
    }

    /** The annotations of all pods, {@code pod/name}. */
    Map<String, String> annotations() {
        return new TreeMap<>(annotations);
    }

    /** The statuses of all its answers. */
    Set<Integer> statuses() {
        return statuses;
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            if (!("Bearer " + token).equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
                refuse(exchange, 401, "Unauthorized");
                return;
            }
            switch (mood) {
                case FORBIDDEN -> refuse(exchange, 403, "pods is forbidden: cannot list resource \"pods\"");
                case GONE -> refuse(exchange, 410, "too old resource version");
                case BROKEN -> refuse(exchange, 500, "etcdserver: request timed out");
                case HANGING -> closed.await();
                case WELL -> route(exchange, body);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void route(HttpExchange exchange, String body) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String pods = "/api/v1/namespaces/" + NAMESPACE + "/pods";
        String asked = exchange.getRequestMethod() + " " + path;
        if (asked.equals("GET " + pods) && denied.contains("list")) {
            refuse(exchange, 403, "pods is forbidden: cannot list resource \"pods\"");
        } else if (asked.equals("GET " + pods)) {
            String query = URLDecoder.decode(exchange.getRequestURI().getRawQuery(), StandardCharsets.UTF_8);
            reply(exchange, 200, list(query.substring(query.indexOf('=') + 1)));
        } else if (asked.startsWith("PATCH " + pods + "/")) {
            patch(exchange, path.substring(pods.length() + 1), body);
        } else if (asked.equals("GET /version")) {
            reply(exchange, 200, JSON.createObjectNode().put("gitVersion", "v1.32.0"));
        } else if (asked.equals("POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews")) {
            JsonNode verb =
                    JSON.readTree(body).path("spec").path("resourceAttributes").path("verb");
            ObjectNode review = JSON.createObjectNode();
            review.putObject("status").put("allowed", !denied.contains(verb.asText()));
            reply(exchange, 201, review);
        } else {
            refuse(exchange, 404, "the server could not find the requested resource");
        }
    }

    private void patch(HttpExchange exchange, String pod, String body) throws IOException {
        boolean merge = "application/merge-patch+json"
                .equals(exchange.getRequestHeaders().getFirst("Content-Type"));
        if (denied.contains("patch")) {
            refuse(exchange, 403, "pods \"" + pod + "\" is forbidden: cannot patch resource \"pods\"");
        } else if (!merge || !pods.containsKey(pod)) {
            refuse(exchange, merge ? 404 : 415, "pod " + pod);
        } else {
            JSON.readTree(body)
                    .path("metadata")
                    .path("annotations")
                    .properties()
                    .forEach(each -> annotations.put(
                            pod + "/" + each.getKey(), each.getValue().asText()));
            reply(exchange, 200, JSON.createObjectNode());
        }
    }

    private ObjectNode list(String selector) {
        ObjectNode list = JSON.createObjectNode().put("kind", "PodList").put("apiVersion", "v1");
        ArrayNode items = list.putArray("items");
        for (Pod pod : pods.values()) {
            boolean selected = true;
            for (String each : selector.split(",")) {
                String[] term = each.split("=", 2);
                selected &= term[1].equals(pod.labels().get(term[0]));
            }
            if (selected) {
                item(items.addObject(), pod);
            }
        }
        return list;
    }

    private static void item(ObjectNode item, Pod pod) {
        ObjectNode metadata = item.putObject("metadata").put("name", pod.name());
        if (pod.terminating()) {
            metadata.put("deletionTimestamp", "2026-11-26T12:00:00Z");
        }
        ObjectNode container = item.putObject("spec").putArray("containers").addObject();
        container.put("name", "sampo").putArray("ports");
        container.withArray("ports").addObject().put("name", "artery").put("containerPort", 17355);
        container.withArray("ports").addObject().put("name", "management").put("containerPort", 7626);
        ObjectNode status = item.putObject("status").put("phase", pod.phase());
        if (!pod.ip().isEmpty()) {
            status.put("podIP", pod.ip());
        }
    }

    private void refuse(HttpExchange exchange, int status, String message) throws IOException {
        reply(
                exchange,
                status,
                JSON.createObjectNode()
                        .put("kind", "Status")
                        .put("status", "Failure")
                        .put("message", message)
                        .put("code", status));
    }

    private void reply(HttpExchange exchange, int status, JsonNode body) throws IOException {
        statuses.add(status);
        byte[] bytes = JSON.writeValueAsBytes(body);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    @Override
    public void close() {
        closed.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
