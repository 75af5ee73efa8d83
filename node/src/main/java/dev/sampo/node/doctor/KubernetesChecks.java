package dev.sampo.node.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import dev.sampo.cluster.Discovery;
import dev.sampo.cluster.NodeSettings;
import dev.sampo.cluster.formation.KubernetesApi;
import dev.sampo.node.NodeOptions;
import dev.sampo.node.management.PodDeletionCost;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;

/** The Kubernetes API as a pod needs it: reachable, allowed, and telling pods that can be reached. */
final class KubernetesChecks implements Doctor.Check {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final NodeOptions options;
    private final Config root;
    private final KubernetesApi api;

    KubernetesChecks(NodeOptions options) {
        this.options = options;
        root = new NodeSettings(
                        options.roles(),
                        options.host(),
                        options.port(),
                        Discovery.SEEDS,
                        List.of(),
                        -1,
                        null,
                        options.config())
                .toConfig();
        api = KubernetesApi.of(root);
    }

    @Override
    public void look(Consumer<Finding> findings) throws IOException, InterruptedException {
        String address = api.address();
        boolean wanted = options.discovery() == Discovery.KUBERNETES;
        if (address == null) {
            findings.accept(
                    wanted
                            ? Finding.fail(
                                    "kubernetes",
                                    "KUBERNETES_SERVICE_HOST is not set: this is no pod",
                                    "--discovery kubernetes works in pods only; outside, give --seeds")
                            : Finding.ok("kubernetes", "not in a pod"));
            return;
        }
        if (!answers(address, findings)) {
            return;
        }
        dns(findings);
        for (String verb : List.of("get", "list", "watch")) {
            findings.accept(allowed(verb));
        }
        if (PodDeletionCost.applies(options.roles()) && System.getenv("SAMPO_POD_NAME") != null) {
            findings.accept(allowed("patch"));
        }
        if (wanted) {
            pods(findings);
        }
    }

    private boolean answers(String address, Consumer<Finding> findings) throws InterruptedException {
        try {
            HttpResponse<String> version = api.call("GET", "/version", "application/json", "");
            Instant now = Instant.now();
            if (version.statusCode() == 401) {
                findings.accept(Finding.fail(
                        "api",
                        "https://" + address + " does not accept the token (401)",
                        "look at the service account mounted at " + api.serviceAccount()));
                return false;
            }
            findings.accept(Finding.ok(
                    "api",
                    "https://" + address + " "
                            + JSON.readTree(version.body()).path("gitVersion").asText("answers")));
            findings.accept(Clock.compare(
                    "the API server", version.headers().firstValue("Date").orElse(""), now));
            return true;
        } catch (IOException | IllegalArgumentException e) {
            findings.accept(Finding.fail(
                    "api",
                    "https://" + address + ": " + e,
                    "is the service account mounted at " + api.serviceAccount()
                            + ", and does a NetworkPolicy allow egress?"));
            return false;
        }
    }

    private static void dns(Consumer<Finding> findings) {
        String name = "kubernetes.default.svc";
        try {
            findings.accept(Finding.ok(
                    "dns", name + " is " + InetAddress.getByName(name).getHostAddress()));
        } catch (UnknownHostException e) {
            findings.accept(Finding.warn(
                    "dns",
                    name + " is not known",
                    "allow egress to the cluster's DNS; databases and services are named by it"));
        }
    }

    private Finding allowed(String verb) throws IOException, InterruptedException {
        String check = "may " + verb + " pods";
        String body = JSON.createObjectNode()
                .put("apiVersion", "authorization.k8s.io/v1")
                .put("kind", "SelfSubjectAccessReview")
                .set(
                        "spec",
                        JSON.createObjectNode()
                                .set(
                                        "resourceAttributes",
                                        JSON.createObjectNode()
                                                .put("namespace", api.namespace())
                                                .put("verb", verb)
                                                .put("resource", "pods")))
                .toString();
        HttpResponse<String> review =
                api.call("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "application/json", body);
        if (review.statusCode() / 100 != 2) {
            return Finding.warn(
                    check, "can't be asked (status " + review.statusCode() + ")", "look at the Role by hand");
        }
        if (JSON.readTree(review.body()).path("status").path("allowed").asBoolean()) {
            return Finding.ok(check, "yes, in namespace " + api.namespace());
        }
        return verb.equals("patch")
                ? Finding.warn(check, "no", "without it a scale-down may take a busy worker: bind the Role with patch")
                : Finding.fail(
                        check,
                        "no, in namespace " + api.namespace(),
                        "bind the Role of deploy/k8s/base to the service account");
    }

    private void pods(Consumer<Finding> findings) throws IOException, InterruptedException {
        Config formation = root.getConfig("sampo.formation.kubernetes");
        int needed = formation.getInt("required-contact-points");
        JsonNode coordinators = list(formation.getString("pod-label-selector"));
        String found = coordinators.size() + " pods have " + formation.getString("pod-label-selector") + ", " + needed
                + " are needed";
        findings.accept(
                coordinators.size() >= needed
                        ? Finding.ok("coordinators", found)
                        : Finding.fail("coordinators", found, "start coordinators, or look at the label selector"));
        for (JsonNode pod : list(formation.getString("member-label-selector"))) {
            String ip = pod.path("status").path("podIP").asText();
            if (pod.path("status").path("phase").asText().equals("Running") && !ip.isEmpty()) {
                findings.accept(reachable(pod, ip, formation.getString("port-name")));
            }
        }
    }

    private static Finding reachable(JsonNode pod, String ip, String portName) {
        String name = "pod " + pod.path("metadata").path("name").asText();
        for (JsonNode container : pod.path("spec").path("containers")) {
            for (JsonNode port : container.path("ports")) {
                if (port.path("name").asText().equals(portName)) {
                    int number = port.path("containerPort").asInt();
                    return PortChecks.isReachable(ip, number)
                            ? Finding.ok(name, ip + ":" + number + " is reachable")
                            : Finding.warn(
                                    name,
                                    ip + ":" + number + " does not answer",
                                    "look at its log; does a NetworkPolicy forbid it?");
                }
            }
        }
        return Finding.fail(
                name, "no container port is named " + portName, "name the management port so in the manifest");
    }

    private JsonNode list(String selector) throws IOException, InterruptedException {
        HttpResponse<String> answer = api.call(
                "GET",
                "/api/v1/namespaces/" + api.namespace() + "/pods?labelSelector="
                        + URLEncoder.encode(selector, StandardCharsets.UTF_8),
                "application/json",
                "");
        if (answer.statusCode() != 200) {
            throw new IOException("the pods can't be listed: status " + answer.statusCode());
        }
        return JSON.readTree(answer.body()).path("items");
    }
}
