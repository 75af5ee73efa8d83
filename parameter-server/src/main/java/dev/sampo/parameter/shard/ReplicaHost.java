package dev.sampo.parameter.shard;

import dev.sampo.parameter.shard.ReplicaMessages.ForReplica;
import dev.sampo.parameter.shard.ReplicaMessages.Forget;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Subscribe;

/**
 * A ps node's one door to the copies it holds of other nodes' shards, {@code /user/replicas}; and what tells the shards
 * that this node hosts which other ps nodes there are.
 */
public final class ReplicaHost extends AbstractBehavior<ReplicaHost.Command> {
    /** The actor's name under the guardian; {@code sampo-cluster.conf} gives it the stream of large messages. */
    public static final String NAME = "replicas";

    private static final Duration LOOK_EVERY = Duration.ofMillis(500);

    /** What a host understands. */
    public sealed interface Command permits ForReplica, Take, Hosting, Gone, Look {}

    /** The shard's entity begins on this node and inherits the copy, if there is one; answered by {@code Inherited}. */
    record Take(String entity, ActorRef<ParameterShard.Command> heir) implements Command {}

    /** The entity wants to know of the other ps nodes from now on; answered by {@code Peers} at every change. */
    record Hosting(ActorRef<ParameterShard.Command> entity) implements Command {}

    private record Gone(ActorRef<ParameterShard.Command> entity) implements Command {}

    private record Look() implements Command {}

    private final Cluster cluster;
    private final String self;
    private final Map<String, ActorRef<Command>> copies = new HashMap<>();
    private final Set<ActorRef<ParameterShard.Command>> hosted = new HashSet<>();
    private Set<String> peers = Set.of();

    public static Behavior<Command> create() {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            timers.startTimerWithFixedDelay(new Look(), LOOK_EVERY);
            return new ReplicaHost(context);
        }));
    }

    /** The host on another node. */
    static ActorRef<Command> on(ActorSystem<?> system, String node) {
        return ActorRefResolver.get(system).resolveActorRef(node + "/user/" + NAME);
    }

    private ReplicaHost(ActorContext<Command> context) {
        super(context);
        cluster = Cluster.get(context.getSystem());
        self = cluster.selfMember().address().toString();
        ActorRef<ClusterEvent.ClusterDomainEvent> events =
                context.messageAdapter(ClusterEvent.ClusterDomainEvent.class, event -> new Look());
        cluster.subscriptions().tell(Subscribe.create(events, ClusterEvent.ClusterDomainEvent.class));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Forget.class, this::onForget)
                .onMessage(ForReplica.class, this::onForReplica)
                .onMessage(Take.class, this::onTake)
                .onMessage(Hosting.class, this::onHosting)
                .onMessage(Gone.class, this::onGone)
                .onMessage(Look.class, message -> onLook())
                .build();
    }

    private Behavior<Command> onForReplica(ForReplica message) {
        copies.computeIfAbsent(
                        message.entity(),
                        entity -> getContext()
                                .spawnAnonymous(
                                        ShardReplica.create(self),
                                        DispatcherSelector.fromConfig("sampo.compute-dispatcher")))
                .tell(message);
        return this;
    }

    private Behavior<Command> onForget(Forget forget) {
        ActorRef<Command> copy = copies.remove(forget.entity());
        if (copy != null) {
            copy.tell(forget);
        }
        return this;
    }

    private Behavior<Command> onTake(Take take) {
        ActorRef<Command> copy = copies.remove(take.entity());
        if (copy == null) {
            take.heir().tell(new ParameterShard.Inherited(null, -1, null));
        } else {
            copy.tell(take);
        }
        return this;
    }

    private Behavior<Command> onHosting(Hosting hosting) {
        if (hosted.add(hosting.entity())) {
            getContext().watchWith(hosting.entity(), new Gone(hosting.entity()));
        }
        hosting.entity().tell(new ParameterShard.Peers(self, peers));
        return this;
    }

    private Behavior<Command> onGone(Gone gone) {
        hosted.remove(gone.entity());
        return this;
    }

    /** The addresses of the ps nodes that are up and reachable; of these the heir is one, and the next host. */
    static Set<String> present(Cluster cluster) {
        var state = cluster.state();
        Set<String> present = new TreeSet<>();
        state.getMembers().forEach(member -> {
            if (member.hasRole("ps")
                    && member.status().equals(MemberStatus.up())
                    && !state.getUnreachable().contains(member)) {
                present.add(member.address().toString());
            }
        });
        return present;
    }

    private Behavior<Command> onLook() {
        Set<String> now = present(cluster);
        if (!now.equals(peers)) {
            peers = Set.copyOf(now);
            hosted.forEach(entity -> entity.tell(new ParameterShard.Peers(self, peers)));
        }
        return this;
    }
}
