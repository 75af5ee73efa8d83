package dev.sampo.node.chaos;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Hosts of a cluster on one machine: Linux network namespaces on a bridge of their own, each with an address, so that the link
 * between two of them can be cut. Needs root and iproute2's {@code ip}. Not thread-safe.
 */
final class Networks implements AutoCloseable {
    /** Nobody has it, so what is sent there is lost without a word, as on a cut cable. */
    private static final String NOWHERE = "02:00:00:00:00:01";

    private final String name;
    private final String net;
    private final List<Host> hosts = new ArrayList<>();

    /** One host: its namespace and address. */
    record Host(String namespace, String address) {
        /** Before a command: runs it there, in the same process. */
        List<String> prefix() {
            return List.of("ip", "netns", "exec", namespace);
        }
    }

    private Networks(String name, String net) {
        this.name = name;
        this.net = net;
    }

    /** {@link IOException} says what is missing where that can't be done. */
    static Networks create() throws IOException, InterruptedException {
        long number = ProcessHandle.current().pid();
        Networks networks = new Networks("smp" + number, "10.201." + number % 250 + ".");
        try {
            ip("link", "add", networks.name, "type", "bridge");
            ip("addr", "add", networks.net + "1/24", "dev", networks.name);
            ip("link", "set", networks.name, "up");
        } catch (IOException e) {
            networks.close();
            throw new IOException("cutting links needs Linux, root and iproute2: " + e.getMessage(), e);
        }
        return networks;
    }

    Host add() throws IOException, InterruptedException {
        int number = hosts.size() + 2;
        Host host = new Host(name + "-" + number, net + number);
        String outside = "v" + name + "-" + number;
        ip("netns", "add", host.namespace());
        hosts.add(host);
        ip("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", host.namespace());
        ip("link", "set", outside, "master", name, "up");
        ip("-n", host.namespace(), "addr", "add", host.address() + "/24", "dev", "eth0");
        ip("-n", host.namespace(), "link", "set", "eth0", "up");
        ip("-n", host.namespace(), "link", "set", "lo", "up");
        return host;
    }

    /** From now on nothing gets from one to the other, either way; the rest is not touched. */
    void cut(Host one, Host other) throws IOException, InterruptedException {
        for (Host[] way : new Host[][] {{one, other}, {other, one}}) {
            ip("-n", way[0].namespace(), "neigh", "replace", way[1].address(), "lladdr", NOWHERE, "dev", "eth0");
        }
    }

    void mend(Host one, Host other) throws IOException, InterruptedException {
        for (Host[] way : new Host[][] {{one, other}, {other, one}}) {
            ip("-n", way[0].namespace(), "neigh", "del", way[1].address(), "dev", "eth0");
        }
    }

    private static void ip(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(Arrays.asList(arguments));
        Process process = new ProcessBuilder(command)
                .directory(Path.of("/").toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + said.strip());
        }
    }

    @Override
    public void close() {
        hosts.forEach(host -> quietly("netns", "del", host.namespace()));
        quietly("link", "del", name);
    }

    /** What is not there need not go. */
    private static void quietly(String... arguments) {
        try {
            ip(arguments);
        } catch (IOException e) {
            // Nothing of it is left, or it is not ours to remove.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
