package dev.sampo.node.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.node.chaos.NodeProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Pods on one machine: real node processes, each at the usual ports of a loopback address of its own, configured by their
 * environment as in a container, and known to the fake API.
 */
final class Pods implements AutoCloseable {
    private final Path home;
    private final FakeKubernetesApi api;
    /** Of this run alone, so that runs side by side don't meet. */
    private final String net;

    private final Map<String, NodeProcess> running = new LinkedHashMap<>();
    private final List<AutoCloseable> others = new ArrayList<>();

    Pods(Path home, FakeKubernetesApi api) {
        this.home = home;
        this.api = api;
        long number = ProcessHandle.current().pid();
        net = "127." + (1 + number / 256 % 254) + "." + number % 256 + ".";
    }

    String ip(int host) {
        return net + host;
    }

    /** Starts a pod with these roles at host {@code host} of the net; does not wait. */
    NodeProcess start(String name, int host, String roles) throws IOException {
        list(name, host, roles, "Running");
        NodeProcess process = NodeProcess.start(home, name, environment(name, host, roles));
        running.put(name, process);
        return process;
    }

    /** What the manifests set in a pod. */
    Map<String, String> environment(String name, int host, String roles) throws IOException {
        Map<String, String> environment = new HashMap<>(api.environment());
        environment.put("SAMPO_ROLES", roles);
        environment.put("SAMPO_HOST", ip(host));
        environment.put("SAMPO_HTTP_PORT", "8080");
        environment.put("SAMPO_MANAGEMENT_PORT", "7626");
        environment.put("SAMPO_DISCOVERY", "kubernetes");
        environment.put("SAMPO_INSECURE", "true");
        environment.put("SAMPO_CONFIG", config().toString());
        environment.put("SAMPO_POD_NAME", name);
        // As Kubernetes does for a service "sampo".
        environment.put("SAMPO_PORT", "tcp://10.0.0.1:8080");
        return environment;
    }

    /** Tells the API of a pod. */
    void list(String name, int host, String roles, String phase) {
        Map<String, String> labels = new HashMap<>(Map.of("app.kubernetes.io/name", "sampo"));
        if (roles.contains("coordinator")) {
            labels.put("sampo.dev/seed", "true");
        }
        String ip = phase.equals("Pending") ? "" : ip(host);
        api.put(new FakeKubernetesApi.Pod(name, labels, ip, phase, false));
    }

    /** A coordinator's pod that runs and never becomes ready: it accepts connections and answers nothing. */
    void startSilent(String name, int host) throws IOException {
        others.add(new ServerSocket(7626, 50, InetAddress.getByName(ip(host))));
        list(name, host, "coordinator", "Running");
    }

    private Path config() throws IOException {
        // Quicker than in earnest, and a journal that several coordinators on one machine share.
        return Files.writeString(home.resolve("sampo.conf"), """
                sampo.journal.url = "jdbc:h2:file:%s;DATABASE_TO_UPPER=false;AUTO_SERVER=TRUE;WRITE_DELAY=0"
                pekko.management.cluster.bootstrap.contact-point-discovery {
                  interval = 300ms, exponential-backoff-max = 600ms, stable-margin = 2s, resolve-timeout = 1s
                }
                """.formatted(home.resolve("shared-journal")));
    }

    NodeProcess get(String name) {
        return running.get(name);
    }

    /** As kubectl delete pod: SIGTERM, and the API soon knows it no more. */
    void delete(String name) {
        api.remove(name);
        running.get(name).drain();
    }

    /** The pod's node dies; the API finds out. */
    void kill(String name) throws InterruptedException {
        running.get(name).kill();
        api.remove(name);
    }

    void awaitUp() throws Exception {
        for (var each : running.entrySet()) {
            if (each.getValue().isAlive()) {
                each.getValue().awaitUp();
            }
        }
    }

    /** Waits until a pod's log has the text. */
    void awaitLog(String name, String text) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(120).toNanos();
        while (!running.get(name).log().contains(text)) {
            assertThat(running.get(name).isAlive())
                    .as(name + " lives: " + running.get(name).log())
                    .isTrue();
            assertThat(System.nanoTime())
                    .as(name + " says \"" + text + "\", but: "
                            + running.get(name).log())
                    .isLessThan(end);
            Thread.sleep(50);
        }
    }

    @Override
    public void close() throws Exception {
        running.values().forEach(NodeProcess::drain);
        running.values().forEach(NodeProcess::close);
        for (AutoCloseable each : others) {
            each.close();
        }
    }
}
