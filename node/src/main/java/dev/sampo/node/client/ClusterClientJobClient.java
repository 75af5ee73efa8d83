package dev.sampo.node.client;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.sampo.cluster.NodeSettings;
import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.cluster.api.ApiResponse;
import dev.sampo.cluster.tls.Handshake;
import dev.sampo.cluster.tls.TlsFiles;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.pattern.Patterns;
import org.jspecify.annotations.Nullable;

/** Pekko's ClusterClient: works where client and nodes can reach each other's addresses. */
@SuppressWarnings("deprecation") // Deprecated in favour of gRPC, but present in every Pekko line; kept to this class.
final class ClusterClientJobClient implements JobClient {
    private static final int CONNECT_WITHIN_MS = 3_000;
    private static final int SNIFF_MS = 1_500;

    private final String host;
    private final int port;
    private final Duration answerWithin;
    private final String address;
    private final ActorSystem system;
    private final ActorRef client;

    private final @Nullable TlsFiles tls;
    private volatile boolean answered;

    ClusterClientJobClient(String host, int port, Credentials credentials, Duration answerWithin) {
        tls = credentials.tlsDir() == null ? null : new TlsFiles(credentials.tlsDir());
        if (tls != null) {
            tls.check(Instant.now());
        }
        this.host = host;
        this.port = port;
        this.answerWithin = answerWithin;
        address = host + ":" + port;
        Map<String, Object> values = new HashMap<>();
        values.put("pekko.actor.provider", "remote");
        values.put("pekko.actor.allow-java-serialization", "off");
        values.put("pekko.remote.artery.transport", tls == null ? "tcp" : "tls-tcp");
        if (tls != null) {
            String ssl = "pekko.remote.artery.ssl.";
            String engine = ssl + "rotating-keys-engine.";
            values.put(
                    ssl + "ssl-engine-provider",
                    "org.apache.pekko.remote.artery.tcp.ssl.RotatingKeysSSLEngineProvider");
            values.put(engine + "key-file", tls.keyFile().toString());
            values.put(engine + "cert-file", tls.certificateFile().toString());
            values.put(engine + "ca-cert-file", tls.caFile().toString());
        }
        values.put("pekko.remote.artery.canonical.hostname", ownAddress(host, port));
        values.put("pekko.remote.artery.canonical.port", 0);
        values.put("pekko.remote.artery.advanced.maximum-frame-size", "512 KiB");
        values.put("pekko.cluster.client.reconnect-timeout", "12s");
        values.put("pekko.cluster.client.establishing-get-contacts-interval", "500ms");
        values.put(
                "pekko.cluster.client.initial-contacts",
                names(host).stream()
                        .map(name ->
                                "pekko://" + NodeSettings.SYSTEM + "@" + name + ":" + port + "/system/receptionist")
                        .toList());
        // What fails is told by the exception; the remoting's own stack traces are no help to a user.
        values.put("pekko.loglevel", "OFF");
        values.put("pekko.stdout-loglevel", "OFF");
        values.put("pekko.loggers", List.of("org.apache.pekko.event.slf4j.Slf4jLogger"));
        values.put("pekko.logging-filter", "org.apache.pekko.event.slf4j.Slf4jLoggingFilter");
        values.put("pekko.log-dead-letters", 0);
        values.put("pekko.log-dead-letters-during-shutdown", "off");
        // A hook of its own would cut the connection on Ctrl-C, just when a job is to be cancelled.
        values.put("pekko.jvm-shutdown-hooks", "off");
        values.put("pekko.coordinated-shutdown.exit-jvm", "off");
        Config config = ConfigFactory.parseMap(values).withFallback(ConfigFactory.load());
        system = ActorSystem.create("client", config);
        client = system.actorOf(
                org.apache.pekko.cluster.client.ClusterClient.props(
                        org.apache.pekko.cluster.client.ClusterClientSettings.create(system)),
                "client");
    }

    /** The local address that packets to the host leave from, which the nodes must be able to reach. */
    private static String ownAddress(String host, int port) {
        try (java.net.DatagramSocket probe = new java.net.DatagramSocket()) {
            probe.connect(new InetSocketAddress(host, port));
            return probe.getLocalAddress().getHostAddress();
        } catch (java.net.SocketException | java.io.UncheckedIOException | IllegalArgumentException e) {
            return "127.0.0.1";
        }
    }

    /** A node answers to the one name it was started with, so a host's name may mean its number; the reverse can't be told. */
    private static List<String> names(String host) {
        try {
            return List.copyOf(new LinkedHashSet<>(
                    List.of(host, InetAddress.getByName(host).getHostAddress())));
        } catch (UnknownHostException e) {
            // The first call says so.
            return List.of(host);
        }
    }

    @Override
    public ApiResponse call(ApiRequest request) throws UnreachableException {
        if (!answered) {
            checkListening();
        }
        try {
            ApiResponse response = (ApiResponse) Patterns.ask(
                            client,
                            new org.apache.pekko.cluster.client.ClusterClient.Send(ApiFacade.PATH, request, true),
                            answerWithin)
                    .toCompletableFuture()
                    .get(answerWithin.toMillis() + 1_000, TimeUnit.MILLISECONDS);
            answered = true;
            return response;
        } catch (ExecutionException | TimeoutException e) {
            String trouble = Handshake.trouble(tls, host, port);
            if (!trouble.isEmpty()) {
                throw unreachable(trouble);
            }
            throw unreachable("nothing came within " + answerWithin.toSeconds()
                    + " s; is a node up there, started with this --host, and can both sides reach each other?"
                    + " A forwarded port needs the HTTP door, http://host:port");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnreachableException("interrupted while waiting for " + address);
        }
    }

    /** ClusterClient goes on trying whatever the reason, so the plain ones are looked for first. */
    private void checkListening() throws UnreachableException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(host, port), CONNECT_WITHIN_MS);
            if (tls != null) {
                String trouble = Handshake.trouble(tls, host, port);
                if (!trouble.isEmpty()) {
                    throw unreachable(trouble);
                }
                return;
            }
            String said = sniff(socket);
            if (said.equals("HTTP/")) {
                throw unreachable(
                        "what is there speaks HTTP; if it is a node's --http-port, name it http://" + address);
            }
        } catch (UnknownHostException e) {
            throw unreachable("there is no host of that name");
        } catch (SocketTimeoutException e) {
            throw unreachable("no connection within " + CONNECT_WITHIN_MS / 1000
                    + " s; is the address right, or a firewall between?");
        } catch (IOException e) {
            throw unreachable("the connection is refused; is a node up there, at that --port?");
        }
    }

    /** A node hangs up at once at what is no message of its own, and logs nothing. */
    private static String sniff(Socket socket) {
        try {
            socket.setSoTimeout(SNIFF_MS);
            socket.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readNBytes(5), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }

    private UnreachableException unreachable(String why) {
        return new UnreachableException("no cluster answers at " + address + ": " + why);
    }

    /** In good order, unless there is nobody to part from: that would only be waited for. */
    @Override
    public void close() {
        if (!answered) {
            system.terminate();
            return;
        }
        try {
            org.apache.pekko.actor.CoordinatedShutdown.get(system)
                    .runAll(org.apache.pekko.actor.CoordinatedShutdown.actorSystemTerminateReason())
                    .toCompletableFuture()
                    .get(5, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            system.terminate();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
