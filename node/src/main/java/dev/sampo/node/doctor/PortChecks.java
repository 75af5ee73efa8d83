package dev.sampo.node.doctor;

import dev.sampo.node.NodeOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.util.function.Consumer;

/** The node's own address and ports: either a node has them, or they can be had. */
final class PortChecks implements Doctor.Check {
    static final int WITHIN_MS = 2_000;
    private final NodeOptions options;

    PortChecks(NodeOptions options) {
        this.options = options;
    }

    @Override
    public void look(Consumer<Finding> findings) {
        InetAddress host;
        try {
            host = InetAddress.getByName(options.host());
        } catch (UnknownHostException e) {
            findings.accept(Finding.fail(
                    "host",
                    "there is no host of the name " + options.host(),
                    "give an address of this machine with --host (in a pod: status.podIP)"));
            return;
        }
        findings.accept(Finding.ok("host", options.host() + " is " + host.getHostAddress()));
        port("--port", host, options.port(), findings);
        port("--http-port", host, options.httpPort(), findings);
        port("--management-port", host, options.managementPort(), findings);
    }

    private static void port(String option, InetAddress host, int port, Consumer<Finding> findings) {
        if (port < 1) {
            return;
        }
        String where = host.getHostAddress() + ":" + port;
        if (isReachable(host.getHostAddress(), port)) {
            findings.accept(Finding.ok(option, where + " is listened at"));
            return;
        }
        try (ServerSocket free = new ServerSocket(port, 1, host)) {
            findings.accept(Finding.ok(option, where + " is free (" + free.getLocalPort() + ")"));
        } catch (IOException e) {
            findings.accept(Finding.fail(
                    option,
                    where + " can't be had: " + e.getMessage(),
                    "choose another port, or an address of this machine"));
        }
    }

    static boolean isReachable(String host, int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(host, port), WITHIN_MS);
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
