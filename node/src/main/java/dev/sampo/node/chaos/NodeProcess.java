package dev.sampo.node.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A node in a JVM of its own, started as a user would. */
public final class NodeProcess implements AutoCloseable {
    private static final Pattern UP =
            Pattern.compile("node (\\S+) is up with roles [a-z,]*[a-z](?:, HTTP at (\\S+))?\\R");
    private static final Duration UP_WITHIN = Duration.ofSeconds(180);

    private final Process process;
    private final Path log;
    private String address = "";
    private String http = "";

    private NodeProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /** A node with its log in {@code home}. */
    public static NodeProcess start(Path home, String name, String... arguments) throws IOException {
        return start(home, name, List.of(), arguments);
    }

    /** The same with some of its environment, as in a pod. */
    public static NodeProcess start(Path home, String name, Map<String, String> environment, String... arguments)
            throws IOException {
        return start(home, name, List.of(), environment, arguments);
    }

    /** @param prefix of the command, such as what puts it into a network of its own */
    static NodeProcess start(Path home, String name, List<String> prefix, String... arguments) throws IOException {
        return start(home, name, prefix, Map.of(), arguments);
    }

    private static NodeProcess start(
            Path home, String name, List<String> prefix, Map<String, String> environment, String... arguments)
            throws IOException {
        List<String> all = new ArrayList<>(List.of("node", "--home", home.toString()));
        all.addAll(List.of(arguments));
        Path log = home.resolve(name + ".log");
        return new NodeProcess(sampo(log, prefix, environment, all), log);
    }

    /** Any command of Sampo in a JVM of its own, stdout and stderr to a file. */
    public static Process sampo(Path log, List<String> arguments) throws IOException {
        return sampo(log, Map.of(), arguments);
    }

    /** The same with some of its environment. */
    public static Process sampo(Path log, Map<String, String> environment, List<String> arguments) throws IOException {
        return sampo(log, List.of(), environment, arguments);
    }

    private static Process sampo(Path log, List<String> prefix, Map<String, String> environment, List<String> arguments)
            throws IOException {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-Dlogback.configurationFile=logback.xml",
                "--add-opens=java.base/java.nio=ALL-UNNAMED",
                "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED"));
        command.addAll(settings());
        command.addAll(List.of(
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                "dev.sampo.node.Main"));
        command.addAll(arguments);
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().putAll(environment);
        return builder.start();
    }

    /** This process's own settings, such as where the journal is, hold for its nodes too. */
    private static List<String> settings() {
        return System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith("sampo."))
                .sorted()
                .map(name -> "-D" + name + "=" + System.getProperty(name))
                .toList();
    }

    /** Waits until the node says that it is up; {@link IOException} with its log when it does not. */
    public NodeProcess awaitUp() throws IOException, InterruptedException {
        long end = System.nanoTime() + UP_WITHIN.toNanos();
        while (System.nanoTime() < end && process.isAlive()) {
            if (isUp()) {
                return this;
            }
            Thread.sleep(50);
        }
        throw new IOException("the node did not come up:\n" + Files.readString(log));
    }

    /** Whether it has said that it is up. */
    public boolean isUp() {
        if (!address.isEmpty()) {
            return true;
        }
        Matcher matcher;
        try {
            matcher = UP.matcher(Files.readString(log));
        } catch (IOException e) {
            return false;
        }
        if (!matcher.find()) {
            return false;
        }
        address = matcher.group(1);
        http = matcher.group(2) == null ? "" : matcher.group(2);
        return true;
    }

    long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** {@code host:port}, once it is up. */
    public String address() {
        return address;
    }

    /** Where it serves HTTP, once it is up; empty if it does not. */
    public String http() {
        return http;
    }

    /** What it has said so far. */
    public String log() throws IOException {
        return Files.readString(log);
    }

    /** SIGKILL: it gets no chance to say anything. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** SIGTERM; does not wait. */
    public void drain() {
        process.destroy();
    }

    /** SIGSTOP: it lives, holds its connections, and answers nothing. */
    public void freeze() throws IOException, InterruptedException {
        signal("STOP");
    }

    /** SIGCONT. */
    public void thaw() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, "" + process.pid())
                .inheritIO()
                .start()
                .waitFor();
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

    /** The exit code after {@link #close}. */
    public int exitCode() {
        return process.exitValue();
    }
}
