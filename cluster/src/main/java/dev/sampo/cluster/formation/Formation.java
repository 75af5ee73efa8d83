package dev.sampo.cluster.formation;

import com.typesafe.config.Config;
import dev.sampo.cluster.Discovery;
import dev.sampo.cluster.NodeSettings;
import dev.sampo.cluster.tls.Handshake;
import dev.sampo.cluster.tls.TlsFiles;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.AddressFromURIString;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.JoinSeedNodes;
import org.apache.pekko.management.cluster.bootstrap.ClusterBootstrap;

/** Makes a node a member. */
public final class Formation {
    private Formation() {}

    /**
     * Begins to join; does not wait. With discovery kubernetes the node's management must be served before, for its peers
     * ask each other there.
     */
    public static void join(ActorSystem<?> system, NodeSettings settings) {
        if (settings.discovery() == Discovery.KUBERNETES) {
            ClusterBootstrap.get(Adapter.toClassic(system)).start();
            return;
        }
        Cluster cluster = Cluster.get(system);
        List<Address> seeds = settings.seeds().isEmpty()
                ? List.of(cluster.selfMember().address())
                : settings.seeds().stream()
                        .map(seed -> AddressFromURIString.parse("pekko://" + NodeSettings.SYSTEM + "@" + seed))
                        .toList();
        cluster.manager().tell(new JoinSeedNodes(seeds));
    }

    /** Why a node is no member, as far as its peers' ports tell; empty if they tell nothing. Ends within seconds for each. */
    public static String trouble(ActorSystem<?> system, NodeSettings settings) {
        TlsFiles tls = settings.tls() == null ? null : new TlsFiles(settings.tls());
        return peers(system, settings).stream()
                .map(peer -> {
                    int colon = peer.lastIndexOf(':');
                    String host = peer.substring(0, colon);
                    String trouble = Handshake.trouble(tls, host, Integer.parseInt(peer.substring(colon + 1)));
                    return trouble.isEmpty() ? "" : peer + ": " + trouble;
                })
                .filter(trouble -> !trouble.isEmpty())
                .collect(Collectors.joining("; "));
    }

    /** Pods all have the port that this one has. */
    private static List<String> peers(ActorSystem<?> system, NodeSettings settings) {
        if (settings.discovery() == Discovery.KUBERNETES
                && ClusterBootstrap.get(Adapter.toClassic(system)).discovery()
                        instanceof KubernetesDiscovery kubernetes) {
            return kubernetes.coordinators().stream()
                    .map(pod -> pod.host() + ":" + settings.port())
                    .sorted()
                    .toList();
        }
        return settings.seeds();
    }

    /** How long a node tries to join before it gives up. */
    public static Duration patience(Config root, Discovery discovery) {
        return root.getDuration(
                discovery == Discovery.KUBERNETES ? "sampo.formation.kubernetes.patience" : "sampo.formation.patience");
    }
}
