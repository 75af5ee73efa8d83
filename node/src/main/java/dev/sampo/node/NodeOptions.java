package dev.sampo.node;

import dev.sampo.cluster.Discovery;
import dev.sampo.cluster.Role;
import dev.sampo.node.security.NodeSecurity;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a node is started.
 *
 * @param port of the cluster, 0 takes a free one
 * @param discovery how the others are found
 * @param seeds {@code host:port} to join; empty starts a cluster of its own
 * @param httpHost where the API listens; null for {@code host}
 * @param httpPort of the API, -1 for none, 0 takes a free one
 * @param managementPort of probes and metrics, -1 for none, 0 takes a free one
 * @param home folder of the store: jobs, checkpoints, models; the nodes of a cluster share it
 * @param workers compute lanes of a node with role worker
 * @param config file of settings over the defaults; null for none
 */
public record NodeOptions(
        Set<Role> roles,
        String host,
        int port,
        Discovery discovery,
        List<String> seeds,
        @Nullable String httpHost,
        int httpPort,
        int managementPort,
        Path home,
        int workers,
        NodeSecurity security,
        @Nullable Path config) {
    /** A node that is told its seeds, without management or TLS, as suits one machine. */
    public NodeOptions(
            Set<Role> roles, String host, int port, List<String> seeds, int httpPort, Path home, int workers) {
        this(roles, host, port, Discovery.SEEDS, seeds, null, httpPort, -1, home, workers, NodeSecurity.NONE, null);
    }

    @Override
    public String httpHost() {
        return httpHost == null ? host : httpHost;
    }
}
