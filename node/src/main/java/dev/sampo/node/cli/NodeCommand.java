package dev.sampo.node.cli;

import dev.sampo.cluster.Role;
import dev.sampo.node.NodeOptions;
import dev.sampo.node.SampoNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs one node of a cluster. */
@Command(
        name = "node",
        mixinStandardHelpOptions = true,
        description =
                "Runs one node of a cluster until it is told to stop (SIGTERM, Ctrl-C; a second Ctrl-C ends it at once).",
        footer = {
            "",
            "Examples:",
            "  sampo node --roles coordinator --port 17355 --http-port 8080 --home /shared/sampo",
            "  sampo node --roles worker --port 0 --seeds 127.0.0.1:17355 --home /shared/sampo"
        })
final class NodeCommand implements Callable<Integer> {
    private static final Duration JOIN_WITHIN = Duration.ofSeconds(60);

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

    @Option(names = "--http-port", description = "serve the HTTP API there, 0 takes a free one")
    private int httpPort = -1;

    @Option(names = "--home", description = "folder that all nodes share (default: ${DEFAULT-VALUE})")
    private Path home = Path.of(".sampo");

    @Option(names = "--workers", description = "compute lanes of a node with role worker (default: ${DEFAULT-VALUE})")
    private int workers = 1;

    @Override
    public Integer call() {
        Set<Role> parsed =
                roles.stream().map(Role::of).collect(Collectors.toCollection(() -> EnumSet.noneOf(Role.class)));
        Logging.showOwn();
        Interrupts.install();
        SampoNode node;
        try {
            node = SampoNode.start(
                    new NodeOptions(parsed, host, port, seeds, httpPort, home.toAbsolutePath(), workers));
        } catch (IllegalStateException e) {
            throw new ExitException(Cli.USAGE, String.valueOf(e.getMessage()));
        }
        try {
            node.awaitUp(JOIN_WITHIN);
        } catch (IllegalStateException e) {
            node.stop();
            throw new ExitException(Cli.UNREACHABLE, String.valueOf(e.getMessage()));
        }
        System.err.println(
                "sampo: node " + node.host() + ":" + node.port() + " is up with roles " + String.join(",", roles)
                        + (node.httpPort() < 0 ? "" : ", HTTP at http://" + host + ":" + node.httpPort()));
        node.awaitTermination();
        return 0;
    }
}
