package dev.sampo.cluster.health;

import java.net.ConnectException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.UniqueAddress;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Down;
import org.apache.pekko.stream.StreamTcpException;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.javadsl.Tcp;
import org.apache.pekko.util.ByteString;

/**
 * Holds a silent connection to every other member's port, and takes a member out of the cluster at once when its process
 * has died: the connection breaks and its port refuses a new one, twice. A process that is frozen, cut off or on a machine
 * that vanished shows none of that; for those there are the failure detector and the Split Brain Resolver.
 *
 * <p>A wrong verdict (a firewall that answers in the node's stead) costs a node its membership but no result: whatever it
 * still sends is counted once or not at all (invariant I2).
 */
public final class Lifelines extends AbstractBehavior<Lifelines.Command> {
    private static final Duration LOOK_EVERY = Duration.ofMillis(200);
    private static final int REFUSED_TO_BE_DEAD = 2;

    /** What this actor understands; nothing from outside. */
    public sealed interface Command {}

    private enum Look implements Command {
        INSTANCE
    }

    private record Connected(UniqueAddress node) implements Command {}

    private record Broken(UniqueAddress node, boolean refused) implements Command {}

    /** What is known of one member. */
    private static final class Line {
        private boolean held;
        private boolean everHeld;
        private int refused;
    }

    private final Cluster cluster;
    private final Map<UniqueAddress, Line> lines = new HashMap<>();

    /** Watches every member; one such actor on each node whose word shall count. */
    public static Behavior<Command> create() {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> new Lifelines(context, timers)));
    }

    private Lifelines(ActorContext<Command> context, TimerScheduler<Command> timers) {
        super(context);
        cluster = Cluster.get(context.getSystem());
        timers.startTimerWithFixedDelay(Look.INSTANCE, LOOK_EVERY);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessageEquals(Look.INSTANCE, this::onLook)
                .onMessage(Connected.class, this::onConnected)
                .onMessage(Broken.class, this::onBroken)
                .build();
    }

    private Behavior<Command> onLook() {
        Set<UniqueAddress> present = new HashSet<>();
        for (Member member : cluster.state().getMembers()) {
            boolean runs = member.status().equals(MemberStatus.up())
                    || member.status().equals(MemberStatus.weaklyUp())
                    || member.status().equals(MemberStatus.leaving());
            if (runs && !member.uniqueAddress().equals(cluster.selfMember().uniqueAddress())) {
                present.add(member.uniqueAddress());
            }
        }
        // Members that are down stay, as dead ones, until they are removed.
        Set<UniqueAddress> known = new HashSet<>();
        cluster.state().getMembers().forEach(member -> known.add(member.uniqueAddress()));
        lines.keySet().removeIf(node -> {
            if (!known.contains(node)) {
                LifelineDetector.forget(node.address());
            }
            return !known.contains(node);
        });
        for (UniqueAddress node : present) {
            Line line = lines.computeIfAbsent(node, each -> new Line());
            if (!line.held) {
                line.held = true;
                connect(node);
            }
        }
        return this;
    }

    private void connect(UniqueAddress node) {
        Address address = node.address();
        var streams = Tcp.get(getContext().getSystem())
                .outgoingConnection(
                        address.getHost().orElseThrow(), address.getPort().orElseThrow());
        var running = Source.<ByteString>maybe()
                .viaMat(streams, Keep.right())
                .toMat(Sink.ignore(), Keep.both())
                .run(getContext().getSystem());
        CompletionStage<Done> ended = running.second();
        getContext()
                .pipeToSelf(
                        running.first(),
                        (connection, failure) ->
                                failure == null ? new Connected(node) : new Broken(node, isRefusal(failure)));
        running.first().whenComplete((connection, failure) -> {
            if (failure == null) {
                var self = getContext().getSelf();
                ended.whenComplete((done, cause) -> self.tell(new Broken(node, false)));
            }
        });
    }

    private static boolean isRefusal(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ConnectException
                    || cause instanceof StreamTcpException
                            && String.valueOf(cause.getMessage()).contains("refused")) {
                return true;
            }
        }
        return false;
    }

    private Behavior<Command> onConnected(Connected connected) {
        Line line = lines.get(connected.node());
        if (line != null) {
            line.everHeld = true;
            line.refused = 0;
        }
        return this;
    }

    private Behavior<Command> onBroken(Broken broken) {
        Line line = lines.get(broken.node());
        if (line == null) {
            return this;
        }
        line.held = false;
        line.refused = broken.refused() ? line.refused + 1 : 0;
        if (line.everHeld && line.refused >= REFUSED_TO_BE_DEAD) {
            getContext()
                    .getLog()
                    .warn(
                            "node={} is gone: its process closed the connection and its port refuses another; it is taken out"
                                    + " of the cluster",
                            broken.node().address());
            LifelineDetector.dead(broken.node().address());
            cluster.manager().tell(new Down(broken.node().address()));
        }
        return this;
    }
}
