package dev.sampo.node.cli;

import dev.sampo.cluster.Discovery;
import dev.sampo.cluster.Role;
import dev.sampo.model.spec.Nearest;
import dev.sampo.node.NodeOptions;
import dev.sampo.node.SampoNode;
import dev.sampo.node.security.NodeSecurity;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs one node of a cluster. */
@Command(
        name = "node",
        mixinStandardHelpOptions = true,
        defaultValueProvider = EnvironmentDefaults.class,
        description = {
            "Runs one node of a cluster until it is told to stop (SIGTERM, Ctrl-C; a second Ctrl-C ends it at once).",
            "Every option may be given in the environment instead: --http-port 8080 as SAMPO_HTTP_PORT=8080."
        },
        footer = {
            "",
            "Examples:",
            "  sampo node --roles coordinator --port 17355 --http-port 8080 --home /shared/sampo",
            "  sampo node --roles worker --port 0 --seeds 127.0.0.1:17355 --home /shared/sampo",
            "  sampo node --roles ps --host $POD_IP --discovery kubernetes --management-port 7626 --tls-dir /tls"
        })
final class NodeCommand implements Callable<Integer> {
    private static final int MISSPELT = 2;

    @Option(
            names = "--roles",
            required = true,
            split = ",",
            description = "of coordinator, ps, worker, ingest, serving")
    private List<String> roles = List.of();

    @Option(names = "--host", description = "address that other nodes reach this one by (default: ${DEFAULT-VALUE})")
    private String host = "127.0.0.1";

    @Option(names = "--port", description = "port of the cluster, 0 takes a free one (default: ${DEFAULT-VALUE})")
    private int port = 17355;

    @Option(names = "--seeds", split = ",", description = "host:port of nodes to join; without it a new cluster begins")
    private List<String> seeds = List.of();

    @Option(
            names = "--discovery",
            description = "seeds, or kubernetes: ask the API for the pods (default: ${DEFAULT-VALUE})")
    private String discovery = "seeds";

    @Option(
            names = "--management-port",
            description = "serve /startup, /ready, /alive and /metrics there; kubernetes needs it, usually 7626")
    private int managementPort = -1;

    @Option(
            names = "--tls-dir",
            paramLabel = "DIR",
            description =
                    "tls.crt, tls.key and ca.crt: nodes and clients speak TLS and must show a certificate of that CA")
    private @Nullable Path tlsDir;

    @Option(
            names = "--http-tls-dir",
            paramLabel = "DIR",
            description = "tls.crt, tls.key and ca.crt of the HTTP API: https for http")
    private @Nullable Path httpTlsDir;

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "the HTTP API asks for the bearer token in that file; it is read again when it changes")
    private @Nullable Path tokenFile;

    @Option(
            names = "--insecure",
            description =
                    "listen on an address that is not a loopback one without TLS or token: the network is trusted")
    private boolean insecure;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "settings over the defaults, HOCON, such as sampo.journal.url; see docs/operations.md")
    private @Nullable Path config;

    @Option(
            names = "--http-host",
            paramLabel = "ADDRESS",
            description = "where the HTTP API listens, such as 0.0.0.0 in a pod (default: --host)")
    private @Nullable String httpHost;

    @Option(names = "--http-port", description = "serve the HTTP API there, 0 takes a free one")
    private int httpPort = -1;

    @Option(names = "--home", description = "folder that all nodes share (default: ${DEFAULT-VALUE})")
    private Path home = Path.of(".sampo");

    @Option(names = "--workers", description = "compute lanes of a node with role worker (default: ${DEFAULT-VALUE})")
    private int workers = 1;

    @Override
    public Integer call() {
        Set<Role> parsed = roles.stream()
                .map(NodeCommand::role)
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(Role.class)));
        if (workers < 1) {
            throw new IllegalArgumentException("--workers must be ≥ 1, was " + workers);
        }
        TrainCommand.checkPort("--port", port);
        TrainCommand.checkPort("--http-port", Math.max(0, httpPort));
        TrainCommand.checkPort("--management-port", Math.max(0, managementPort));
        Logging.showOwn();
        Interrupts.install();
        SampoNode node;
        try {
            node = SampoNode.start(new NodeOptions(
                    parsed,
                    host,
                    port,
                    Discovery.of(discovery),
                    seeds,
                    httpHost,
                    httpPort,
                    managementPort,
                    home.toAbsolutePath(),
                    workers,
                    new NodeSecurity(tlsDir, httpTlsDir, tokenFile, insecure),
                    config));
        } catch (IllegalStateException e) {
            throw new ExitException(Cli.USAGE, String.valueOf(e.getMessage()));
        }
        try {
            node.awaitUp();
        } catch (IllegalStateException e) {
            node.stop();
            throw new ExitException(Cli.UNREACHABLE, String.valueOf(e.getMessage()));
        }
        System.err.println(
                "sampo: node " + node.host() + ":" + node.port() + " is up with roles " + String.join(",", roles)
                        + (node.httpPort() < 0
                                ? ""
                                : ", HTTP at " + (httpTlsDir == null ? "http" : "https") + "://" + host + ":"
                                        + node.httpPort()));
        node.awaitTermination();
        return 0;
    }

    private static Role role(String text) {
        try {
            return Role.of(text.strip());
        } catch (IllegalArgumentException e) {
            throw Arrays.stream(Role.values())
                    .map(Role::text)
                    .filter(known -> Nearest.distance(text, known) <= MISSPELT)
                    .findFirst()
                    .map(known -> new IllegalArgumentException(e.getMessage() + "; did you mean " + known + "?", e))
                    .orElse(e);
        }
    }
}
