package dev.sampo.node;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A node in a JVM of its own, started as a user would. */
final class NodeProcess implements AutoCloseable {
    private static final Pattern UP =
            Pattern.compile("node (\\S+) is up with roles [a-z,]*[a-z](?:, HTTP at (\\S+))?\\R");
    private final Process process;
    private final Path log;
    private String address = "";
    private String http = "";

    private NodeProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /** A node with its log in {@code home}. */
    static NodeProcess start(Path home, String name, String... arguments) throws IOException {
        List<String> all = new ArrayList<>(List.of("node", "--home", home.toString()));
        all.addAll(List.of(arguments));
        Path log = home.resolve(name + ".log");
        return new NodeProcess(sampo(log, all), log);
    }

    /** Any command of Sampo in a JVM of its own, stdout and stderr to a file. */
    static Process sampo(Path log, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-Dlogback.configurationFile=logback.xml",
                "--add-opens=java.base/java.nio=ALL-UNNAMED",
                "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                "dev.sampo.node.Main"));
        command.addAll(arguments);
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
    }

    /** Waits until the node says that it is up. */
    NodeProcess awaitUp() throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(90).toNanos();
        while (System.nanoTime() < end && process.isAlive()) {
            Matcher matcher = UP.matcher(Files.readString(log));
            if (matcher.find()) {
                address = matcher.group(1);
                http = matcher.group(2) == null ? "" : matcher.group(2);
                return this;
            }
            Thread.sleep(50);
        }
        throw new AssertionError("the node did not come up:\n" + Files.readString(log));
    }

    String address() {
        return address;
    }

    String http() {
        return http;
    }

    String log() throws IOException {
        return Files.readString(log);
    }

    /** Asks it to stop (SIGTERM); kills it if it doesn't. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }

    /** SIGKILL: it gets no chance to say anything. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** The exit code after {@link #close}. */
    int exitCode() {
        return process.exitValue();
    }
}
