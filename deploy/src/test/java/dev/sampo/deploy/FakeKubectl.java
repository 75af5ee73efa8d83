package dev.sampo.deploy;

import dev.sampo.deploy.Manifests.Workload;
import dev.sampo.node.Main;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A kubectl whose cluster is this machine: a pod is a process of Sampo, its name a file with its process id and ports. As much
 * of it as {@code e2e.sh} calls; each call is written down. Addresses are told to the nodes, not discovered.
 */
final class FakeKubectl {
    private static final int ROLLOUT_WITHIN_S = 240;

    private final Path state = Path.of(System.getenv("FAKE_KUBECTL"));
    private final Path pods = state.resolve("pods");

    private FakeKubectl() {}

    /** A running process: {@code pid port httpPort}. */
    private record Pod(String name, long pid, int port, int httpPort) {
        String role() {
            return name.split("-")[1];
        }
    }

    public static void main(String[] arguments) throws Exception {
        List<String> words = new ArrayList<>(List.of(arguments));
        FakeKubectl kubectl = new FakeKubectl();
        Files.createDirectories(kubectl.state);
        Files.writeString(
                kubectl.state.resolve("calls"),
                String.join(" ", words) + "\n",
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
        if (words.get(0).equals("--namespace")) {
            words = words.subList(2, words.size());
        }
        System.exit(kubectl.run(words));
    }

    private int run(List<String> words) throws Exception {
        switch (words.get(0) + " " + words.get(Math.min(1, words.size() - 1))) {
            case "version version", "create namespace", "create secret", "get events" -> {}
            case "get namespace" -> {
                return Files.exists(pods) ? 0 : 1;
            }
            case "get pods" -> all().forEach(pod -> System.out.println("pod/" + pod.name));
            case "apply -k" -> apply(Path.of(words.get(2)));
            case "delete namespace" -> deleteAll();
            case "delete pod" -> replace(find(words.get(2)));
            case "scale deploy/sampo-worker" -> scale("worker", Integer.parseInt(words.get(3)));
            case "exec -i" -> Main.main(inPod(words));
            default -> {
                if (words.get(0).equals("logs")) {
                    System.out.print(Files.readString(log(words.get(1).replace("pod/", ""))));
                } else if (words.get(0).equals("rollout")) {
                    awaitUp(words.get(2).replaceFirst(".*/sampo-", ""));
                } else {
                    System.err.println("fake kubectl: unknown: " + words);
                    return 1;
                }
            }
        }
        return 0;
    }

    private void apply(Path folder) throws Exception {
        Files.createDirectories(pods);
        Manifests manifests = new Manifests("e2e", StrictManifests.read(Kustomize.render(folder)));
        for (String role : List.of("coordinator", "ps", "worker", "ingest", "serving")) {
            Workload workload = manifests.node(role);
            Files.writeString(state.resolve("image"), workload.container().getImage());
            scale(role, workload.replicas());
            // One after the other: seven JVMs that start at once keep two cores from everything else.
            awaitUp(role);
        }
    }

    private void scale(String role, int replicas) throws Exception {
        List<Pod> present =
                all().stream().filter(pod -> pod.role().equals(role)).toList();
        for (int i = present.size(); i < replicas; i++) {
            start("sampo-" + role + "-" + i, freePort(), freePort());
        }
        for (Pod pod : present.subList(Math.min(replicas, present.size()), present.size())) {
            stop(pod);
        }
    }

    /** As a StatefulSet does: a pod of the same name comes back. */
    private void replace(Pod pod) throws Exception {
        stop(pod);
        start(pod.name, pod.port, pod.httpPort);
    }

    private void start(String name, int port, int httpPort) throws Exception {
        String role = name.split("-")[1];
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "--add-opens=java.base/java.nio=ALL-UNNAMED",
                "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
                "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.sampo.node.Main"));
        command.addAll(
                List.of("node", "--roles", role, "--home", state.resolve("home").toString()));
        command.addAll(List.of("--port", "" + port, "--http-port", "" + httpPort));
        // The first coordinator begins the cluster; one that comes again is told of a parameter server.
        String peer = role.equals("coordinator") ? "sampo-ps-0" : "sampo-coordinator-0";
        if (Files.exists(pods.resolve(peer))) {
            command.addAll(List.of("--seeds", "127.0.0.1:" + find(peer).port));
        }
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.redirectOutput(ProcessBuilder.Redirect.to(log(name).toFile()));
        builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
        Process process = builder.start();
        Files.writeString(pods.resolve(name), process.pid() + " " + port + " " + httpPort);
    }

    private void stop(Pod pod) throws Exception {
        Files.delete(pods.resolve(pod.name));
        ProcessHandle.of(pod.pid).ifPresent(process -> {
            process.destroy();
            try {
                process.onExit().get(30, TimeUnit.SECONDS);
            } catch (Exception e) {
                process.destroyForcibly();
            }
        });
    }

    private void deleteAll() throws Exception {
        for (Pod pod : all()) {
            ProcessHandle.of(pod.pid).ifPresent(ProcessHandle::destroyForcibly);
            Files.delete(pods.resolve(pod.name));
        }
        Files.delete(pods);
    }

    /** As a kubelet does: a process that ended is started again. */
    private void awaitUp(String role) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(ROLLOUT_WITHIN_S);
        for (Pod pod : all().stream().filter(each -> each.role().equals(role)).toList()) {
            while (!Files.readString(log(pod.name)).contains(" is up ")) {
                if (System.nanoTime() > end) {
                    throw new IOException(pod.name + " is not up: " + Files.readString(log(pod.name)));
                }
                if (!isAlive(pod)) {
                    start(pod.name, pod.port, freePort());
                    pod = find(pod.name);
                }
                Thread.sleep(200);
            }
        }
    }

    /** A process whose parent is gone may stay as a zombie. */
    private static boolean isAlive(Pod pod) throws IOException {
        Path stat = Path.of("/proc/" + pod.pid + "/stat");
        return Files.exists(stat) && !Files.readString(stat).contains(") Z ");
    }

    /** {@code exec -i deploy/NAME -- sampo …}: Services and the image's folder become what they stand for here. */
    private String[] inPod(List<String> words) throws IOException {
        String root = Path.of("").toAbsolutePath().getParent().toString();
        List<String> command = new ArrayList<>();
        for (String word : words.subList(5, words.size())) {
            command.add(word.replace("sampo-api:8080", "127.0.0.1:" + find("sampo-coordinator-0").httpPort)
                    .replace("sampo-serving:8080", "127.0.0.1:" + find("sampo-serving-0").httpPort)
                    .replace("/opt/sampo", root));
        }
        return command.toArray(String[]::new);
    }

    private List<Pod> all() throws IOException {
        try (Stream<Path> files = Files.list(pods)) {
            List<Pod> found = new ArrayList<>();
            for (Path file : files.sorted(Comparator.naturalOrder()).toList()) {
                found.add(find(file.getFileName().toString()));
            }
            return found;
        }
    }

    private Pod find(String name) throws IOException {
        long[] numbers = Arrays.stream(Files.readString(pods.resolve(name)).split(" "))
                .mapToLong(Long::parseLong)
                .toArray();
        return new Pod(name, numbers[0], (int) numbers[1], (int) numbers[2]);
    }

    private Path log(String name) {
        return state.resolve(name + ".log");
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
