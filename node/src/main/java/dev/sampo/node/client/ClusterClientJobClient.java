package dev.sampo.node.client;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.sampo.cluster.NodeSettings;
import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.cluster.api.ApiResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.pattern.Patterns;

/** Pekko's ClusterClient: works where client and nodes can reach each other's addresses. */
@SuppressWarnings("deprecation") // Deprecated in favour of gRPC, but present in every Pekko line; kept to this class.
final class ClusterClientJobClient implements JobClient {
    private static final Duration ANSWER_WITHIN = Duration.ofSeconds(11);
    private final String address;
    private final ActorSystem system;
    private final ActorRef client;

    ClusterClientJobClient(String host, int port) {
        address = host + ":" + port;
        Map<String, Object> values = new HashMap<>();
        values.put("pekko.actor.provider", "remote");
        values.put("pekko.actor.allow-java-serialization", "off");
        values.put("pekko.remote.artery.transport", "tcp");
        values.put("pekko.remote.artery.canonical.hostname", ownAddress(host, port));
        values.put("pekko.remote.artery.canonical.port", 0);
        values.put("pekko.remote.artery.advanced.maximum-frame-size", "512 KiB");
        values.put("pekko.cluster.client.reconnect-timeout", "12s");
        values.put("pekko.cluster.client.establishing-get-contacts-interval", "500ms");
        values.put(
                "pekko.cluster.client.initial-contacts",
                List.of("pekko://" + NodeSettings.SYSTEM + "@" + address + "/system/receptionist"));
        values.put("pekko.loglevel", "ERROR");
        values.put("pekko.loggers", List.of("org.apache.pekko.event.slf4j.Slf4jLogger"));
        values.put("pekko.logging-filter", "org.apache.pekko.event.slf4j.Slf4jLoggingFilter");
        values.put("pekko.log-dead-letters", 0);
        values.put("pekko.log-dead-letters-during-shutdown", "off");
        // A hook of its own would cut the connection on Ctrl-C, just when a job is to be cancelled.
        values.put("pekko.jvm-shutdown-hooks", "off");
        values.put("pekko.coordinated-shutdown.exit-jvm", "off");
        values.put("pekko.coordinated-shutdown.run-by-jvm-shutdown-hook", "off");
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
            probe.connect(new java.net.InetSocketAddress(host, port));
            return probe.getLocalAddress().getHostAddress();
        } catch (java.net.SocketException | java.io.UncheckedIOException | IllegalArgumentException e) {
            return "127.0.0.1";
        }
    }

    @Override
    public ApiResponse call(ApiRequest request) throws UnreachableException {
        boolean forServing = Set.of("predict").contains(request.operation());
        String path = forServing ? "/user/sampo-serving" : "/user/sampo-api";
        try {
            return (ApiResponse) Patterns.ask(
                            client,
                            new org.apache.pekko.cluster.client.ClusterClient.Send(path, request, true),
                            ANSWER_WITHIN)
                    .toCompletableFuture()
                    .get(ANSWER_WITHIN.toSeconds() + 2, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new UnreachableException(
                    "no cluster answers at " + address + " within " + ANSWER_WITHIN.toSeconds()
                            + " s ("
                            + (forServing
                                    ? "is a node with role serving up there"
                                    : "is a node with role coordinator up there")
                            + "? can both sides reach each other? a forwarded port needs the HTTP door: --cluster http://host:port)");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnreachableException("interrupted while waiting for " + address);
        }
    }

    @Override
    public void close() {
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
