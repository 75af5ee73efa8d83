package dev.sampo.cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigValueFactory;
import java.io.File;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where a node listens and which cluster it joins.
 *
 * @param roles at least one
 * @param host the address other nodes reach this one by
 * @param port 0 to 65535; 0 takes a free one
 * @param discovery how the others are found
 * @param seeds {@code host:port} of nodes to join; empty or this node itself starts a new cluster
 * @param managementPort of probes and metrics, on the same host; -1 for none, 0 takes a free one
 * @param tls folder with {@code tls.crt}, {@code tls.key} and {@code ca.crt}; null speaks plain TCP
 * @param file of settings over the defaults, HOCON; null for none
 */
public record NodeSettings(
        Set<Role> roles,
        String host,
        int port,
        Discovery discovery,
        List<String> seeds,
        int managementPort,
        @Nullable Path tls,
        @Nullable Path file) {
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
        if (discovery == Discovery.KUBERNETES) {
            if (!seeds.isEmpty()) {
                throw new IllegalArgumentException("with discovery kubernetes there are no seeds, but were " + seeds);
            }
            if (managementPort < 1 || port < 1) {
                throw new IllegalArgumentException(
                        "discovery kubernetes needs a fixed port and a fixed management port,"
                                + " such as 17355 and 7626, but they were " + port + " and " + managementPort);
            }
        }
        roles = EnumSet.copyOf(roles);
        seeds = List.copyOf(seeds);
        seeds.forEach(NodeSettings::checkSeed);
    }

    /** A node that is told its seeds and has neither management nor TLS. */
    public NodeSettings(Set<Role> roles, String host, int port, List<String> seeds) {
        this(roles, host, port, Discovery.SEEDS, seeds, -1, null, null);
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

    /**
     * The actor system's configuration: these settings, then the file, then {@code sampo-cluster.conf}, then the libraries' own.
     * {@link IllegalArgumentException} says what of the file is wrong.
     */
    public Config toConfig() {
        Map<String, Object> values = new HashMap<>();
        values.put("pekko.remote.artery.canonical.hostname", host);
        values.put("pekko.remote.artery.canonical.port", port);
        values.put("pekko.cluster.roles", clusterRoles());
        values.put(
                "pekko.cluster.seed-nodes",
                seeds.stream().map(seed -> "pekko://" + SYSTEM + "@" + seed).toList());
        values.put("pekko.management.http.hostname", host);
        values.put("pekko.management.http.port", Math.max(0, managementPort));
        if (discovery == Discovery.KUBERNETES) {
            values.put("pekko.management.cluster.bootstrap.new-cluster-enabled", has(Role.COORDINATOR));
        } else {
            values.put("pekko.management.http.routes.cluster-bootstrap", "");
        }
        if (tls != null) {
            String engine = "pekko.remote.artery.ssl.rotating-keys-engine.";
            values.put("pekko.remote.artery.transport", "tls-tcp");
            values.put(engine + "key-file", tls.resolve("tls.key").toString());
            values.put(engine + "cert-file", tls.resolve("tls.crt").toString());
            values.put(engine + "ca-cert-file", tls.resolve("ca.crt").toString());
        }
        // -D and application.conf override what this file sets, so an operator has the last word.
        return ConfigFactory.defaultOverrides()
                .withFallback(ConfigFactory.parseMap(values))
                .withFallback(ofFile())
                .withFallback(ConfigFactory.defaultApplication())
                .withFallback(
                        ConfigFactory.parseResourcesAnySyntax(NodeSettings.class.getClassLoader(), "sampo-cluster"))
                .withFallback(ConfigFactory.defaultReference())
                .withValue("sampo.node.host", ConfigValueFactory.fromAnyRef(host))
                .resolve();
    }

    private Config ofFile() {
        if (file == null) {
            return ConfigFactory.empty();
        }
        try {
            return ConfigFactory.parseFile(
                    new File(file.toString()), ConfigParseOptions.defaults().setAllowMissing(false));
        } catch (ConfigException e) {
            throw new IllegalArgumentException("the settings can't be read: " + e.getMessage(), e);
        }
    }
}
