package dev.sampo.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.sampo.cluster.NodeSettings;
import dev.sampo.cluster.Role;
import dev.sampo.cluster.journal.JournalSchema;
import dev.sampo.cluster.journal.JournalSettings;
import dev.sampo.cluster.store.FolderStore;
import dev.sampo.node.http.ControlRoutes;
import dev.sampo.serving.http.InferenceRoutes;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.JoinSeedNodes;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.http.javadsl.server.Directives;
import org.jspecify.annotations.Nullable;

/** A running node: its actor system, its roles' actors, and its HTTP server. Thread-safe. */
public final class SampoNode {
    private final ActorSystem<Void> system;
    private final @Nullable ServerBinding http;

    private final Thread onSignal = new Thread(() -> run(CoordinatedShutdown.jvmExitReason()), "stop-on-signal");

    private SampoNode(ActorSystem<Void> system, @Nullable ServerBinding http) {
        this.system = system;
        this.http = http;
        Runtime.getRuntime().addShutdownHook(onSignal);
    }

    /** Starts a node; {@link IllegalStateException} says what of the machine does not allow it, such as a port in use. */
    public static SampoNode start(NodeOptions options) {
        try {
            Files.createDirectories(options.home());
        } catch (IOException e) {
            throw new IllegalStateException("the home folder " + options.home() + " can't be made: " + e);
        }
        NodeSettings settings = new NodeSettings(options.roles(), options.host(), options.port(), options.seeds());
        ActorSystem<Void> system;
        CompletableFuture<Guardian.Services> ready = new CompletableFuture<>();
        Config base = ConfigFactory.parseMap(Map.of("pekko.cluster.seed-nodes", List.of()))
                .withFallback(settings.toConfig())
                .resolve();
        JournalSettings journal = JournalSettings.from(base, options.home());
        if (options.roles().contains(Role.COORDINATOR)) {
            JournalSchema.create(journal, base.getDuration("sampo.journal.start-patience"));
        }
        Config config = journal.toConfig().withFallback(base).resolve();
        try {
            system = ActorSystem.create(
                    Guardian.create(options, new FolderStore(options.home()), ready), NodeSettings.SYSTEM, config);
        } catch (RuntimeException e) {
            throw new IllegalStateException(
                    "can't listen on " + options.host() + ":" + options.port() + ": " + rootCause(e)
                            + "; is another node running there? choose another --port",
                    e);
        }
        try {
            join(system, options);
            Guardian.Services services = ready.get(30, TimeUnit.SECONDS);
            return new SampoNode(system, options.httpPort() < 0 ? null : bind(system, options, services));
        } catch (IllegalStateException e) {
            system.terminate();
            throw e;
        } catch (ExecutionException | TimeoutException e) {
            system.terminate();
            throw new IllegalStateException("the node's actors did not start: " + rootCause(e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            system.terminate();
            throw new IllegalStateException("interrupted while starting", e);
        }
    }

    /** Joins the seeds, or itself: then it is the first of a new cluster. */
    private static void join(ActorSystem<Void> system, NodeOptions options) {
        Cluster cluster = Cluster.get(system);
        List<org.apache.pekko.actor.Address> seeds = options.seeds().isEmpty()
                ? List.of(cluster.selfMember().address())
                : options.seeds().stream()
                        .map(seed -> org.apache.pekko.actor.AddressFromURIString.parse(
                                "pekko://" + NodeSettings.SYSTEM + "@" + seed))
                        .toList();
        cluster.manager().tell(new JoinSeedNodes(seeds));
    }

    private static ServerBinding bind(ActorSystem<Void> system, NodeOptions options, Guardian.Services services)
            throws InterruptedException {
        var route = Directives.concat(
                ControlRoutes.routes(services.api()),
                InferenceRoutes.routes(services.serving(), services.servingSettings(), "0.1.0"));
        try {
            return Http.get(system)
                    .newServerAt(options.host(), options.httpPort())
                    .bind(route)
                    .toCompletableFuture()
                    .get(15, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException(
                    "can't serve HTTP on " + options.host() + ":" + options.httpPort() + ": " + rootCause(e)
                            + "; choose another --http-port",
                    e);
        }
    }

    private static String rootCause(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return String.valueOf(cause.getMessage());
    }

    public String host() {
        return Cluster.get(system).selfMember().address().getHost().orElse("");
    }

    public int port() {
        return Cluster.get(system).selfMember().address().getPort().orElse(0);
    }

    /** The HTTP server's port, or -1 without one. */
    public int httpPort() {
        return http == null ? -1 : http.localAddress().getPort();
    }

    /** Waits until the node is a member; {@link IllegalStateException} when it is not in time. */
    public void awaitUp(Duration within) {
        long end = System.nanoTime() + within.toNanos();
        while (!Cluster.get(system).selfMember().status().equals(MemberStatus.up())) {
            if (system.whenTerminated().isCompleted() || System.nanoTime() > end) {
                throw new IllegalStateException("the node did not join the cluster within " + within.toSeconds()
                        + " s; are the seeds right, and reachable?");
            }
            pause();
        }
    }

    private static void pause() {
        try {
            Thread.sleep(20);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** Runs {@code task} when the node begins to stop, by {@link #stop} or a signal, while all its actors still work. */
    public void beforeStop(String name, Runnable task) {
        CoordinatedShutdown.get(Adapter.toClassic(system))
                .addTask(
                        CoordinatedShutdown.PhaseBeforeServiceUnbind(),
                        name,
                        () -> CompletableFuture.supplyAsync(() -> {
                            task.run();
                            return Done.getInstance();
                        }));
    }

    /** Leaves the cluster in good order and stops. */
    public void stop() {
        try {
            Runtime.getRuntime().removeShutdownHook(onSignal);
        } catch (IllegalStateException e) {
            // The JVM is stopping, so the hook does it.
            return;
        }
        run(CoordinatedShutdown.actorSystemTerminateReason());
    }

    private void run(CoordinatedShutdown.Reason reason) {
        try {
            CoordinatedShutdown.get(Adapter.toClassic(system))
                    .runAll(reason)
                    .toCompletableFuture()
                    .get(30, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            system.log().warn("the node did not stop in good order: {}", e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits until the node has stopped. */
    public void awaitTermination() {
        try {
            system.getWhenTerminated().toCompletableFuture().get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("the node failed", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
