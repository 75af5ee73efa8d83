package dev.sampo.cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Where a node listens and which cluster it joins.
 *
 * @param roles at least one
 * @param host the address other nodes reach this one by
 * @param port 0 to 65535; 0 takes a free one
 * @param seeds {@code host:port} of nodes to join; empty or this node itself starts a new cluster
 */
public record NodeSettings(Set<Role> roles, String host, int port, List<String> seeds) {
    /** The name of every Sampo actor system; nodes of other names can't join. */
    public static final String SYSTEM = "sampo";
    /** A cluster role of its own for nodes whose majority survives a partition: those with role coordinator or ps. */
    public static final String QUORUM = "quorum";

    public NodeSettings {
        if (roles.isEmpty()) {
            throw new IllegalArgumentException("a node needs at least one role");
        }
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("port must be 0 to 65535 but was " + port);
        }
        roles = EnumSet.copyOf(roles);
        seeds = List.copyOf(seeds);
        seeds.forEach(NodeSettings::checkSeed);
    }

    private static void checkSeed(String seed) {
        if (!seed.matches("[^:/\\s]+:\\d{1,5}")) {
            throw new IllegalArgumentException("a seed must be host:port but was \"" + seed + "\"");
        }
    }

    public boolean has(Role role) {
        return roles.contains(role);
    }

    private List<String> clusterRoles() {
        Stream<String> own = roles.stream().map(Role::text);
        boolean counts = has(Role.COORDINATOR) || has(Role.PS);
        return Stream.concat(own, counts ? Stream.of(QUORUM) : Stream.of())
                .sorted()
                .toList();
    }

    /** The actor system's configuration: these settings, then {@code sampo-cluster.conf}, then the libraries' own. */
    public Config toConfig() {
        Map<String, Object> values = new HashMap<>();
        values.put("pekko.remote.artery.canonical.hostname", host);
        values.put("pekko.remote.artery.canonical.port", port);
        values.put("pekko.cluster.roles", clusterRoles());
        values.put(
                "pekko.cluster.seed-nodes",
                seeds.stream().map(seed -> "pekko://" + SYSTEM + "@" + seed).toList());
        // -D and application.conf override what this file sets, so an operator has the last word.
        return ConfigFactory.defaultOverrides()
                .withFallback(ConfigFactory.parseMap(values))
                .withFallback(ConfigFactory.defaultApplication())
                .withFallback(
                        ConfigFactory.parseResourcesAnySyntax(NodeSettings.class.getClassLoader(), "sampo-cluster"))
                .withFallback(ConfigFactory.defaultReference())
                .withValue("sampo.node.host", ConfigValueFactory.fromAnyRef(host))
                .resolve();
    }
}
