package dev.sampo.node.chaos;

import dev.sampo.cluster.Role;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A cluster of real processes on this machine, a role each, all with one home folder. The coordinator is always at the
 * same port, so that a new one is found where the old one was. One thread; only {@link #close} may come from another.
 */
public final class ClusterProcesses implements AutoCloseable {
    private final Path home;
    private final int port;
    private final @Nullable Networks networks;
    /** Of the first coordinator, which is found where the one before it was. */
    private Networks.@Nullable Host firstHost;

    private final List<Member> members = new CopyOnWriteArrayList<>();
    private final List<Member> leaving = new CopyOnWriteArrayList<>();
    private volatile boolean closed;
    private int started;

    /**
     * One process.
     *
     * @param host its own, where links can be cut
     */
    public record Member(String name, Role role, NodeProcess process, Networks.@Nullable Host host) {}

    private ClusterProcesses(Path home, int port, @Nullable Networks networks) {
        this.home = home;
        this.port = port;
        this.networks = networks;
    }

    /** Starts so many nodes of each role and waits until all are up. */
    public static ClusterProcesses start(Path home, Map<Role, Integer> nodes) throws IOException, InterruptedException {
        return start(home, nodes, false);
    }

    /**
     * The same.
     *
     * @param cuttable whether links shall be cut: each node then is a host of its own, which needs root
     */
    public static ClusterProcesses start(Path home, Map<Role, Integer> nodes, boolean cuttable)
            throws IOException, InterruptedException {
        Networks networks = cuttable ? Networks.create() : null;
        ClusterProcesses cluster = new ClusterProcesses(home, freePort(), networks);
        // Ctrl-C must leave neither processes nor networks behind.
        Runtime.getRuntime().addShutdownHook(new Thread(cluster::close));
        try {
            cluster.startAll(nodes);
        } catch (IOException | InterruptedException e) {
            cluster.close();
            throw e;
        }
        return cluster;
    }

    /** Starts the coordinators first and then the rest at once. */
    void startAll(Map<Role, Integer> nodes) throws IOException, InterruptedException {
        for (int i = 0; i < nodes.getOrDefault(Role.COORDINATOR, 1); i++) {
            startOne(Role.COORDINATOR).process().awaitUp();
        }
        List<Member> fresh = new ArrayList<>();
        for (var each : nodes.entrySet()) {
            for (int i = 0; each.getKey() != Role.COORDINATOR && i < each.getValue(); i++) {
                fresh.add(startOne(each.getKey()));
            }
        }
        for (Member member : fresh) {
            member.process().awaitUp();
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Starts one more node; does not wait until it is up. */
    public Member startOne(Role role) throws IOException, InterruptedException {
        boolean first = role == Role.COORDINATOR && of(Role.COORDINATOR).isEmpty();
        List<String> arguments =
                new ArrayList<>(List.of("--roles", role.text(), "--http-port", "0", "--port", first ? "" + port : "0"));
        String seeds = String.join(
                ",",
                members.stream()
                        .filter(member -> member.role() == Role.COORDINATOR || member.role() == Role.PS)
                        .filter(member -> member.process().isUp())
                        .map(member -> member.process().address())
                        .filter(address -> !address.isEmpty())
                        .toList());
        if (!seeds.isEmpty()) {
            arguments.addAll(List.of("--seeds", seeds));
        }
        String name = role.text() + "-" + ++started;
        Networks.Host host = host(first);
        if (host != null) {
            arguments.addAll(List.of("--host", host.address(), "--insecure"));
        }
        NodeProcess process = NodeProcess.start(
                home, name, host == null ? List.of() : host.prefix(), arguments.toArray(String[]::new));
        Member member = new Member(name, role, process, host);
        members.add(member);
        if (closed) {
            process.kill();
        }
        return member;
    }

    private Networks.@Nullable Host host(boolean first) throws IOException, InterruptedException {
        if (networks == null) {
            return null;
        }
        if (first && firstHost != null) {
            return firstHost;
        }
        Networks.Host host = networks.add();
        if (first) {
            firstHost = host;
        }
        return host;
    }

    /** Cuts the link between two nodes, or mends it. */
    void link(Member one, Member other, boolean whole) throws IOException, InterruptedException {
        Networks.Host from = one.host();
        Networks.Host to = other.host();
        if (networks == null || from == null || to == null) {
            throw new IOException("these nodes share their host, so no link can be cut");
        }
        if (whole) {
            networks.mend(from, to);
        } else {
            networks.cut(from, to);
        }
    }

    /** The nodes of a role that were not killed or drained, the oldest first. */
    public List<Member> of(Role role) {
        return members.stream().filter(member -> member.role() == role).toList();
    }

    public List<Member> members() {
        return List.copyOf(members);
    }

    /** SIGKILL. */
    public void kill(Member member) throws InterruptedException {
        members.remove(member);
        member.process().kill();
    }

    /** SIGTERM; does not wait until it has gone. */
    public void leave(Member member) {
        members.remove(member);
        member.process().drain();
        leaving.add(member);
    }

    /** Where nodes that are up serve HTTP. */
    public Stream<String> http() {
        return members.stream()
                .filter(member -> member.process().isAlive() && member.process().isUp())
                .map(member -> member.process().http())
                .filter(address -> !address.isEmpty());
    }

    /** All logs, for a report of what went wrong. */
    public String logs() throws IOException {
        StringBuilder logs = new StringBuilder();
        for (Member member : members) {
            logs.append("---- ")
                    .append(member.name())
                    .append('\n')
                    .append(member.process().log());
        }
        return logs.toString();
    }

    @Override
    public synchronized void close() {
        closed = true;
        members.forEach(member -> member.process().drain());
        members.forEach(member -> member.process().close());
        leaving.forEach(member -> member.process().close());
        members.clear();
        leaving.clear();
        if (networks != null) {
            networks.close();
        }
    }
}
