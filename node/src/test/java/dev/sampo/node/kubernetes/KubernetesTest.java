package dev.sampo.node.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.node.TestCluster;
import dev.sampo.node.chaos.NodeProcess;
import dev.sampo.node.client.Credentials;
import dev.sampo.node.client.JobClient;
import dev.sampo.node.kubernetes.FakeKubernetesApi.Mood;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real node processes as pods: they find each other through the real discovery code and a Kubernetes API that this test
 * serves over TLS. The pods have the usual ports, on loopback addresses of their own.
 */
@Tag("slow")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class KubernetesTest {
    @TempDir
    private static Path home;

    private static final HttpClient http = HttpClient.newHttpClient();
    private static FakeKubernetesApi api;
    private static Pods pods;
    private static final List<String> OTHERS = List.of("ps-0", "ps-1", "ingest-0", "worker-0");

    @BeforeAll
    static void start() throws Exception {
        api = new FakeKubernetesApi(home);
        pods = new Pods(home, api);
    }

    @AfterAll
    static void stop() throws Exception {
        pods.close();
        api.close();
    }

    /** The coordinators come last: until then each fault of the API is told by its cause, and nobody forms a cluster. */
    @Test
    @Order(1)
    void whatIsWrongWithTheApiIsToldByEveryPod() throws Exception {
        api.mood(Mood.FORBIDDEN);
        pods.start("ps-0", 10, "ps");
        pods.start("ps-1", 11, "ps");
        pods.start("ingest-0", 12, "ingest,serving");
        pods.start("worker-0", 13, "worker");
        everyOneSays("does not tell the pods: 403 Forbidden; may the pod's service account get, watch and list pods");
        api.mood(Mood.GONE);
        everyOneSays("does not tell the pods: 410 Gone");
        api.mood(Mood.BROKEN);
        everyOneSays("does not tell the pods: 500 Internal Server Error");
        api.mood(Mood.HANGING);
        everyOneSays("does not tell the pods: no answer within 1000 ms");
        api.mood(Mood.WELL);
        everyOneSays("the Kubernetes API tells the pods again");
        api.accept("second");
        everyOneSays("does not tell the pods: 401 Unauthorized");
        api.mount("second");
        everyOneSays("no cluster yet: found 0 coordinator pods");
        assertThat(api.statuses()).contains(200, 401, 403, 410, 500);
    }

    private static void everyOneSays(String text) throws Exception {
        for (String pod : OTHERS) {
            pods.awaitLog(pod, text);
        }
    }

    /** The lowest address is that of a coordinator that never gets ready; pods that don't run, or aren't Sampo's, are there. */
    @Test
    @Order(2)
    void aClusterFormsWithoutTheCoordinatorThatNeverGetsReady() throws Exception {
        pods.startSilent("coordinator-0", 5);
        pods.list("coordinator-3", 6, "coordinator", "Pending");
        pods.list("coordinator-4", 7, "coordinator", "Failed");
        api.put(new FakeKubernetesApi.Pod(
                "coordinator-5",
                java.util.Map.of("app.kubernetes.io/name", "sampo", "sampo.dev/seed", "true"),
                pods.ip(8),
                "Running",
                true));
        api.put(new FakeKubernetesApi.Pod(
                "postgres-0", java.util.Map.of("app.kubernetes.io/name", "postgres"), pods.ip(9), "Running", false));
        pods.start("coordinator-1", 20, "coordinator");
        pods.awaitLog(
                "coordinator-1",
                "no cluster yet: found 2 coordinator pods, 1 answer, 2 are needed; silent: " + pods.ip(5) + ":7626");
        pods.start("coordinator-2", 21, "coordinator");
        pods.awaitUp();
    }

    @Test
    @Order(3)
    void probesAndMetricsTellWhatANodeIs() throws Exception {
        for (String path : List.of("/startup", "/ready", "/alive")) {
            assertThat(get(12, path).statusCode()).as(path).isEqualTo(200);
        }
        String metrics = get(20, "/metrics").body() + get(21, "/metrics").body();
        assertThat(metrics)
                .contains("jvm_memory_used_bytes{area=\"heap\"}")
                .contains("sampo_cluster_members{role=\"ps\",status=\"up\"} 2.0")
                .contains("sampo_cluster_members{role=\"coordinator\",status=\"up\"} 2.0");
        HttpResponse<String> down = http.send(
                HttpRequest.newBuilder(URI.create(
                                "http://" + pods.ip(20) + ":7626/cluster/members/sampo@" + pods.ip(10) + ":17355"))
                        .DELETE()
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(down.statusCode()).as("management only tells").isGreaterThanOrEqualTo(400);
    }

    private static HttpResponse<String> get(int host, String path) throws Exception {
        URI uri = URI.create("http://" + pods.ip(host) + ":7626" + path);
        return http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    @Order(4)
    void theDoctorInAPodSaysWhatIsWrong() throws Exception {
        JsonNode well = doctor(0);
        assertThat(level(well, "may list pods")).isEqualTo("OK");
        assertThat(level(well, "coordinators")).isEqualTo("OK");
        assertThat(level(well, "clock")).isEqualTo("OK");
        assertThat(level(well, "pod ingest-0")).isEqualTo("OK");
        assertThat(level(well, "exposure")).as("--insecure").isEqualTo("WARN");
        assertThat(level(well, "same home")).isEqualTo("OK");
        api.deny("list", "patch");
        JsonNode ill = doctor(1);
        api.deny();
        assertThat(level(ill, "may list pods")).isEqualTo("FAIL");
        assertThat(level(ill, "may patch pods")).isEqualTo("WARN");
        assertThat(ill.toString()).contains("bind the Role of deploy/k8s/base to the service account");
    }

    /** As kubectl exec worker-0 -- sampo doctor. */
    private static JsonNode doctor(int expected) throws Exception {
        Path log = home.resolve("doctor.log");
        Process doctor = NodeProcess.sampo(
                log,
                pods.environment("worker-0", 13, "worker"),
                List.of("doctor", "--json", "--home", home.toString(), "--cluster", "http://" + pods.ip(12) + ":8080"));
        assertThat(doctor.waitFor()).as(Files.readString(log)).isEqualTo(expected);
        String line = Files.readAllLines(log).stream()
                .filter(each -> each.startsWith("{"))
                .findFirst()
                .orElseThrow();
        return TestCluster.JSON.readTree(line).path("findings");
    }

    private static String level(JsonNode findings, String check) {
        for (JsonNode each : findings) {
            if (each.path("check").asText().equals(check)) {
                return each.path("level").asText();
            }
        }
        return "not looked at: " + findings;
    }

    /** kubectl scale: worker pods come and go while the job trains, and so does the coordinator that has it. */
    @Test
    @Order(5)
    void scalingWorkersDuringAJobChangesNoBit() throws Exception {
        ObjectNode job = TestCluster.spec("mill", TestCluster.rows(home));
        job.withObject("/training").put("epochs", 400);
        String alone;
        try (TestCluster cluster = TestCluster.of(Files.createDirectories(home.resolve("alone")), 2);
                JobClient client = cluster.client()) {
            alone = TestCluster.sha(TestCluster.train(client, job));
        }
        try (JobClient client =
                JobClient.to("http://" + pods.ip(10) + ":8080", Credentials.NONE, Duration.ofSeconds(60))) {
            String id = TestCluster.submit(client, job);
            awaitWorkers(client, id, 1);
            pods.start("worker-1", 30, "worker");
            pods.start("worker-2", 31, "worker");
            awaitWorkers(client, id, 3);
            awaitCost("worker-0", cost -> cost > 0 && cost < 5);
            pods.delete("worker-0");
            awaitWorkers(client, id, 2);
            pods.delete("worker-2");
            JsonNode view = awaitWorkers(client, id, 1);
            assertThat(view.path("state").asText()).as("still at work: " + view).isIn("training", "evaluating");
            assertThat(get(20, "/metrics").body() + get(21, "/metrics").body())
                    .contains("sampo_job_step{job=\"" + id + "\"}")
                    .contains("sampo_jobs{state=");
            assertThat(TestCluster.sha(TestCluster.await(client, id))).isEqualTo(alone);
        }
        awaitCost("worker-1", cost -> cost == 0);
        awaitCost("coordinator-1", cost -> cost == 1000 || cost == 2000);
    }

    private static JsonNode awaitWorkers(JobClient client, String job, int workers) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(120).toNanos();
        while (true) {
            JsonNode view = TestCluster.status(client, job);
            if (view.path("workers").asInt() == workers && view.path("step").asInt() > 0) {
                return view;
            }
            assertThat(view.path("state").asText()).as(view.toString()).isNotIn("done", "failed");
            assertThat(System.nanoTime()).as(workers + " workers: " + view).isLessThan(end);
            Thread.sleep(50);
        }
    }

    private static void awaitCost(String pod, IntPredicate expected) throws Exception {
        String name = pod + "/controller.kubernetes.io/pod-deletion-cost";
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!expected.test(Integer.parseInt(api.annotations().getOrDefault(name, "-1")))) {
            assertThat(System.nanoTime()).as(pod + ": " + api.annotations()).isLessThan(end);
            Thread.sleep(100);
        }
    }

    /** All coordinators die; a new one, which alone may form a cluster, finds the one that the other pods still are. */
    @Test
    @Order(6)
    void aCoordinatorThatIsStartedAnewJoinsTheClusterThereIs() throws Exception {
        api.deny("patch");
        pods.kill("coordinator-1");
        pods.kill("coordinator-2");
        pods.start("coordinator-6", 4, "coordinator").awaitUp();
        try (JobClient client =
                JobClient.to("http://" + pods.ip(10) + ":8080", Credentials.NONE, Duration.ofSeconds(60))) {
            List<String> up = new ArrayList<>();
            TestCluster.call(client, "nodes", TestCluster.JSON.createObjectNode())
                    .path("nodes")
                    .forEach(node -> up.add(node.path("address").asText()));
            assertThat(up).contains(pods.ip(4) + ":17355", pods.ip(10) + ":17355", pods.ip(11) + ":17355");
        }
        pods.awaitLog("coordinator-6", "its deletion cost can't be written");
    }
}
