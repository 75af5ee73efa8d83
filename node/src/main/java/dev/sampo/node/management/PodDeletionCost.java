package dev.sampo.node.management;

import dev.sampo.cluster.Role;
import dev.sampo.cluster.formation.KubernetesApi;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.cluster.typed.Cluster;

/**
 * Keeps the annotation {@code controller.kubernetes.io/pod-deletion-cost} of this node's pod, so that a Deployment that is
 * scaled down loses idle workers first and the coordinator with the singletons last. What can't be written costs a log line
 * and nothing else.
 */
public final class PodDeletionCost extends AbstractBehavior<PodDeletionCost.Command> {
    static final String ANNOTATION = "controller.kubernetes.io/pod-deletion-cost";
    private static final Duration LOOK_EVERY = Duration.ofSeconds(5);
    private static final int COORDINATOR = 1_000;
    private static final int OLDEST = 1_000;

    /** What this actor understands; nothing from outside. */
    public sealed interface Command {}

    private enum Look implements Command {
        INSTANCE
    }

    private record Written(int cost, String failure) implements Command {}

    private final KubernetesApi api;
    private final String pod;
    private final RankCount ranks;
    private final Cluster cluster;
    private int written = -1;
    private boolean writing;
    private String trouble = "";

    /** For the pod of that name. */
    public static Behavior<Command> create(KubernetesApi api, String pod, RankCount ranks) {
        return Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new PodDeletionCost(context, timers, api, pod, ranks)));
    }

    /** Whether a node of these roles has a cost: of the others all are alike, or no Deployment has them. */
    public static boolean applies(Set<Role> roles) {
        return roles.contains(Role.WORKER) || roles.contains(Role.COORDINATOR);
    }

    private PodDeletionCost(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            KubernetesApi api,
            String pod,
            RankCount ranks) {
        super(context);
        context.setLoggerName(PodDeletionCost.class);
        this.api = api;
        this.pod = pod;
        this.ranks = ranks;
        cluster = Cluster.get(context.getSystem());
        timers.startTimerWithFixedDelay(Look.INSTANCE, LOOK_EVERY);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessageEquals(Look.INSTANCE, this::onLook)
                .onMessage(Written.class, this::onWritten)
                .build();
    }

    private Behavior<Command> onLook() {
        boolean coordinator = cluster.selfMember().hasRole(Role.COORDINATOR.text());
        int cost = cost(ranks.ranks(), coordinator, JobManagerPlace.isHere(cluster));
        if (writing || cost == written) {
            return this;
        }
        writing = true;
        var files = getContext().getSystem().dispatchers().lookup(DispatcherSelector.blocking());
        getContext()
                .pipeToSelf(
                        CompletableFuture.supplyAsync(() -> write(cost), files),
                        (failure, unexpected) ->
                                new Written(cost, unexpected == null ? failure : unexpected.toString()));
        return this;
    }

    private String write(int cost) {
        try {
            api.annotate(pod, ANNOTATION, Integer.toString(cost));
            return "";
        } catch (IOException | IllegalArgumentException e) {
            return e.toString();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return e.toString();
        }
    }

    private Behavior<Command> onWritten(Written done) {
        writing = false;
        if (done.failure().isEmpty()) {
            written = done.cost();
        } else if (!done.failure().equals(trouble)) {
            getContext()
                    .getLog()
                    .warn(
                            "pod={} its deletion cost can't be written, so a scale-down may take a busy worker: {}; may the"
                                    + " service account patch pods, and is SAMPO_POD_NAME the pod's name?",
                            pod,
                            done.failure());
        }
        trouble = done.failure();
        return this;
    }

    /** A worker costs its ranks; a coordinator more than any worker, and that with the singletons the most. */
    static int cost(int ranks, boolean coordinator, boolean oldest) {
        return ranks + (coordinator ? COORDINATOR : 0) + (oldest ? OLDEST : 0);
    }
}
