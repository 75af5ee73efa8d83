package dev.sampo.cluster.formation;

import java.time.Duration;
import java.time.LocalDateTime;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.discovery.ServiceDiscovery.ResolvedTarget;
import org.apache.pekko.management.cluster.bootstrap.ClusterBootstrap;
import org.apache.pekko.management.cluster.bootstrap.ClusterBootstrapSettings;
import org.apache.pekko.management.cluster.bootstrap.JoinDecision;
import org.apache.pekko.management.cluster.bootstrap.KeepProbing;
import org.apache.pekko.management.cluster.bootstrap.LowestAddressJoinDecider;
import org.apache.pekko.management.cluster.bootstrap.SeedNodesInformation;
import org.apache.pekko.management.cluster.bootstrap.SeedNodesObservation;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Joins the cluster that any pod knows; where none does, the coordinator with the lowest address begins one, once a
 * majority of the coordinators' pods answers each other. So one that hangs does not keep the others, the only coordinator
 * that is started anew finds the cluster it was of, and two halves of a network do not begin two clusters.
 *
 * <p>Pekko's own decider takes the lowest of all contact points, which might be a worker, which may not form: it would wait
 * forever.
 */
public final class CoordinatorsDecider extends LowestAddressJoinDecider {
    /** Not this class's: under that Pekko's decider says every second that it goes on. */
    private static final Logger LOG = LoggerFactory.getLogger(Formation.class);

    private static final Duration TELL_EVERY = Duration.ofSeconds(10);

    private final ActorSystem system;
    private final ClusterBootstrapSettings settings;
    private Set<ResolvedTarget> coordinators = Set.of();
    private @Nullable LocalDateTime since;
    private @Nullable LocalDateTime told;

    /** What Pekko makes one with. */
    public CoordinatorsDecider(ActorSystem system, ClusterBootstrapSettings settings) {
        super(system, settings);
        this.system = system;
        this.settings = settings;
    }

    @Override
    public Future<JoinDecision> decide(SeedNodesInformation info) {
        if (info.hasSeedNodes()) {
            return super.decide(info);
        }
        SeedNodesInformation among = amongCoordinators(info);
        tell(among);
        return settings.newClusterEnabled() ? super.decide(among) : KeepProbing.asCompletedFuture();
    }

    @Override
    public boolean hasEnoughContactPoints(SeedNodesInformation info) {
        return info.seedNodesObservations().size()
                >= needed(info.contactPoints().size());
    }

    private int needed(int found) {
        return Math.max(settings.contactPointDiscovery().requiredContactPointsNr(), found / 2 + 1);
    }

    /** What is known of coordinators alone, with the time since when there are just these. */
    private SeedNodesInformation amongCoordinators(SeedNodesInformation info) {
        Set<ResolvedTarget> now = new HashSet<>(info.getContactPoints());
        if (ClusterBootstrap.get(system).discovery() instanceof KubernetesDiscovery kubernetes) {
            now.retainAll(kubernetes.coordinators());
        }
        LocalDateTime changed = since;
        if (changed == null || !now.equals(coordinators)) {
            changed = info.currentTime();
            since = changed;
            coordinators = now;
        }
        Set<SeedNodesObservation> observations = new HashSet<>(info.getSeedNodesObservations());
        observations.removeIf(each -> !now.contains(each.contactPoint()));
        return new SeedNodesInformation(
                info.currentTime(),
                changed,
                CollectionConverters.asScala(now).toSet(),
                CollectionConverters.asScala(observations).toSet());
    }

    /** Who is missing, now and then: the wait has no other voice. */
    private void tell(SeedNodesInformation among) {
        LocalDateTime last = told;
        if (last == null) {
            told = among.currentTime();
            return;
        }
        if (Duration.between(last, among.currentTime()).compareTo(TELL_EVERY) < 0) {
            return;
        }
        told = among.currentTime();
        Set<String> silent = new TreeSet<>();
        among.getContactPoints().forEach(each -> silent.add(name(each)));
        among.getSeedNodesObservations().forEach(each -> silent.remove(name(each.contactPoint())));
        int found = among.contactPoints().size();
        LOG.warn(
                "no cluster yet: found {} coordinator pods, {} answer, {} are needed{}",
                found,
                found - silent.size(),
                needed(found),
                found == 0
                        ? "; do they run, with the label of sampo.formation.kubernetes.pod-label-selector?"
                        : silent.isEmpty() ? "" : "; silent: " + String.join(", ", silent));
    }

    private static String name(ResolvedTarget target) {
        return target.host() + target.getPort().map(port -> ":" + port).orElse("");
    }
}
