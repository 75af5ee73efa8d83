package dev.sampo.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.sampo.cluster.NodeSettings;
import dev.sampo.cluster.Role;
import dev.sampo.cluster.formation.Formation;
import dev.sampo.cluster.http.HttpHandler;
import dev.sampo.cluster.http.HttpServer;
import dev.sampo.cluster.journal.JournalSchema;
import dev.sampo.cluster.journal.JournalSettings;
import dev.sampo.cluster.store.FolderStore;
import dev.sampo.cluster.tls.RotatingContext;
import dev.sampo.cluster.tls.TlsFiles;
import dev.sampo.node.http.NodeHandler;
import dev.sampo.node.management.Management;
import dev.sampo.node.management.Readiness;
import dev.sampo.node.security.BearerToken;
import dev.sampo.node.security.GuardedHandler;
import dev.sampo.node.security.NodeSecurity;
import dev.sampo.serving.http.InferenceHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLEngine;
import org.apache.pekko.Done;
import org.apache.pekko.actor.BootstrapSetup;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.setup.ActorSystemSetup;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running node: its actor system, its roles' actors, and its HTTP server. Thread-safe. */
public final class SampoNode {
    private static final Logger LOG = LoggerFactory.getLogger(SampoNode.class);

    private final ActorSystem<Void> system;
    private final NodeSettings settings;
    private final @Nullable HttpServer http;
    private final @Nullable ServerBinding management;
    private final Duration patience;

    private final Thread onSignal = new Thread(() -> run(CoordinatedShutdown.jvmExitReason()), "stop-on-signal");

    private SampoNode(
            ActorSystem<Void> system,
            NodeSettings settings,
            @Nullable HttpServer http,
            @Nullable ServerBinding management,
            Duration patience) {
        this.system = system;
        this.settings = settings;
        this.http = http;
        this.management = management;
        this.patience = patience;
        Runtime.getRuntime().addShutdownHook(onSignal);
    }

    /** Starts a node; {@link IllegalStateException} says what of the machine does not allow it, such as a port in use. */
    public static SampoNode start(NodeOptions options) {
        options.security().check(options.host(), options.httpPort() < 0 ? null : options.httpHost(), Instant.now());
        try {
            Files.createDirectories(options.home());
        } catch (IOException e) {
            throw new IllegalStateException("the home folder " + options.home() + " can't be made: " + e);
        }
        NodeSettings settings = new NodeSettings(
                options.roles(),
                options.host(),
                options.port(),
                options.discovery(),
                options.seeds(),
                options.managementPort(),
                options.security().tlsDir(),
                options.config());
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
            ActorSystemSetup setup = ActorSystemSetup.create(
                    BootstrapSetup.create(config),
                    Readiness.setup(() ->
                            ready.thenCompose(services -> services.models().missing())));
            system = ActorSystem.create(
                    Guardian.create(options, new FolderStore(options.home()), ready), NodeSettings.SYSTEM, setup);
        } catch (RuntimeException e) {
            throw new IllegalStateException(
                    "can't listen on " + options.host() + ":" + options.port() + ": " + rootCause(e)
                            + "; is another node running there? choose another --port",
                    e);
        }
        try {
            Guardian.Services services = ready.get(30, TimeUnit.SECONDS);
            HttpServer http = options.httpPort() < 0 ? null : serveApi(system, options, services);
            ServerBinding management = options.managementPort() < 0
                    ? null
                    : await(
                            Management.serve(
                                    system, options.host(), options.managementPort(), services.api(), services.ranks()),
                            "management on " + options.host() + ":" + options.managementPort(),
                            "--management-port");
            Formation.join(system, settings);
            return new SampoNode(system, settings, http, management, Formation.patience(config, options.discovery()));
        } catch (IllegalStateException | IllegalArgumentException e) {
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

    private static HttpServer serveApi(ActorSystem<Void> system, NodeOptions options, Guardian.Services services) {
        NodeSecurity security = options.security();
        HttpHandler handler = new NodeHandler(services.api(), new InferenceHandler(services.serving(), "0.1.0"));
        if (security.tokenFile() != null) {
            handler = new GuardedHandler(handler, new BearerToken(security.tokenFile()));
        }
        if (security.tokenInPlainText(options.httpHost())) {
            LOG.warn(
                    "the HTTP API's token travels in plain text; give --http-tls-dir, unless a proxy in front has TLS");
        }
        RotatingContext context =
                security.httpTlsDir() == null ? null : new RotatingContext(new TlsFiles(security.httpTlsDir()));
        HttpServer.Limits limits = new HttpServer.Limits(
                (int) Math.min(Integer.MAX_VALUE, services.servingSettings().bodySizeMaxBytes()),
                "send fewer rows, or raise sampo.serving.http.body-size-max",
                services.servingSettings().bodyTimeout());
        HttpServer server;
        try {
            server = HttpServer.bind(
                    options.httpHost(),
                    options.httpPort(),
                    handler,
                    limits,
                    system.dispatchers().lookup(DispatcherSelector.defaultDispatcher()),
                    context == null ? null : () -> serverEngine(context));
        } catch (IllegalStateException e) {
            throw new IllegalStateException(
                    "can't serve HTTP on " + options.httpHost() + ":" + options.httpPort() + ": " + rootCause(e)
                            + "; choose another --http-port",
                    e);
        }
        CoordinatedShutdown shutdown = CoordinatedShutdown.get(Adapter.toClassic(system));
        shutdown.addTask(CoordinatedShutdown.PhaseServiceUnbind(), "http-unbind", server::unbind);
        shutdown.addTask(CoordinatedShutdown.PhaseServiceRequestsDone(), "http-drain", server::drain);
        shutdown.addTask(CoordinatedShutdown.PhaseServiceStop(), "http-stop", server::stop);
        return server;
    }

    private static SSLEngine serverEngine(RotatingContext context) {
        SSLEngine engine = context.current().createSSLEngine();
        engine.setUseClientMode(false);
        return engine;
    }

    private static ServerBinding await(CompletionStage<ServerBinding> binding, String what, String option)
            throws InterruptedException {
        try {
            return binding.toCompletableFuture().get(15, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException(
                    "can't serve " + what + ": " + rootCause(e) + "; choose another " + option, e);
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
        return http == null ? -1 : http.port();
    }

    /** The port of probes and metrics, or -1 without one. */
    public int managementPort() {
        return management == null ? -1 : management.localAddress().getPort();
    }

    /** As {@link #awaitUp(Duration)} with the patience of the settings. */
    public void awaitUp() {
        awaitUp(patience);
    }

    /** Waits until the node is a member; {@link IllegalStateException} when it is not in time. */
    public void awaitUp(Duration within) {
        long end = System.nanoTime() + within.toNanos();
        while (!Cluster.get(system).selfMember().status().equals(MemberStatus.up())) {
            if (system.whenTerminated().isCompleted()) {
                throw new IllegalStateException("the node ended before it had joined the cluster: the others found it"
                        + " unreachable and took it out, as a starved or paused node is; start it again");
            }
            if (System.nanoTime() > end) {
                String trouble = Formation.trouble(system, settings);
                throw new IllegalStateException("the node did not join the cluster within " + within.toSeconds()
                        + " s; " + (trouble.isEmpty() ? "are the seeds right, and reachable?" : trouble));
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
