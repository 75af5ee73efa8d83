package dev.sampo.cluster.formation;

import com.typesafe.config.Config;
import dev.sampo.cluster.Discovery;
import dev.sampo.cluster.NodeSettings;
import java.time.Duration;
import java.util.List;
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

    /** How long a node tries to join before it gives up. */
    public static Duration patience(Config root, Discovery discovery) {
        return root.getDuration(
                discovery == Discovery.KUBERNETES ? "sampo.formation.kubernetes.patience" : "sampo.formation.patience");
    }
}
