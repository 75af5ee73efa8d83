package dev.sampo.node;

import dev.sampo.cluster.Role;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * How a node is started.
 *
 * @param port of the cluster, 0 takes a free one
 * @param seeds {@code host:port} to join; empty starts a cluster of its own
 * @param httpPort -1 for none, 0 takes a free one
 * @param home folder of the store: jobs, checkpoints, models; the nodes of a cluster share it
 * @param workers compute lanes of a node with role worker
 */
public record NodeOptions(
        Set<Role> roles, String host, int port, List<String> seeds, int httpPort, Path home, int workers) {}
