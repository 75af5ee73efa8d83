package dev.sampo.node.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.node.kubernetes.FakeKubernetesApi.Mood;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real node processes as pods: they find each other through the real discovery code and a Kubernetes API that this test
 * serves over TLS. The pods have the usual ports, on loopback addresses of their own.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class KubernetesTest {
    @TempDir
    private static Path home;

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
}
