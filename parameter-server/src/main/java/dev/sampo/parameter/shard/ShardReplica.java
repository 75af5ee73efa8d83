package dev.sampo.parameter.shard;

import dev.sampo.parameter.shard.ParameterShard.Inherited;
import dev.sampo.parameter.shard.ParameterShard.ReplicaFailed;
import dev.sampo.parameter.shard.ParameterShard.Replicated;
import dev.sampo.parameter.shard.ReplicaMessages.Applied;
import dev.sampo.parameter.shard.ReplicaMessages.Begin;
import dev.sampo.parameter.shard.ReplicaMessages.ForReplica;
import dev.sampo.parameter.shard.ReplicaMessages.Forget;
import dev.sampo.parameter.shard.ReplicaMessages.Part;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.jspecify.annotations.Nullable;

/** Owns the copy of one shard that another node hosts, until this node is to host it or the copy is needed no longer. */
final class ShardReplica extends AbstractBehavior<ReplicaHost.Command> {
    private final String node;
    private @Nullable ReplicaState copy;
    private @Nullable Begin begun;

    /** @param node the address of this one, by which the primary knows it */
    static Behavior<ReplicaHost.Command> create(String node) {
        return Behaviors.setup(context -> new ShardReplica(context, node));
    }

    private ShardReplica(ActorContext<ReplicaHost.Command> context, String node) {
        super(context);
        this.node = node;
    }

    @Override
    public Receive<ReplicaHost.Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(ReplicaHost.Take.class, this::onTake)
                .onMessage(Forget.class, message -> Behaviors.stopped())
                .onMessage(ForReplica.class, this::onMessage)
                .build();
    }

    private Behavior<ReplicaHost.Command> onMessage(ForReplica message) {
        try {
            if (message instanceof Begin begin) {
                begin(begin);
            } else if (message instanceof Part part) {
                fill(part);
            } else if (message instanceof Applied applied) {
                follow(applied);
            }
        } catch (IllegalArgumentException | ShardState.DivergedException e) {
            getContext()
                    .getLog()
                    .warn("entity={} its copy here is given up, reason={}", message.entity(), e.getMessage());
            giveUp();
        }
        return this;
    }

    private void begin(Begin begin) {
        if (copy == null || begin.incarnation() >= copy.incarnation()) {
            begun = begin;
            copy = new ReplicaState(
                    begin.plan(),
                    begin.incarnation(),
                    begin.version(),
                    begin.clock(),
                    begin.rankClocks(),
                    begin.slots(),
                    begin.ledger());
        }
    }

    private void fill(Part part) {
        if (copy != null && part.address().incarnation() == copy.incarnation()) {
            copy.part(part.address().clock(), part.row(), part.floats());
            acknowledge();
        }
    }

    private void follow(Applied applied) throws ShardState.DivergedException {
        if (copy == null || applied.address().incarnation() != copy.incarnation()) {
            return;
        }
        if (copy.step(applied.address().clock(), applied.step(), applied.sum())) {
            acknowledge();
        } else {
            giveUp();
        }
    }

    private void acknowledge() {
        if (copy != null && begun != null && copy.version() >= 0) {
            begun.primary().tell(new Replicated(copy.incarnation(), copy.version(), node));
        }
    }

    private void giveUp() {
        if (begun != null) {
            begun.primary().tell(new ReplicaFailed(begun.incarnation(), node));
        }
        copy = null;
        begun = null;
    }

    private Behavior<ReplicaHost.Command> onTake(ReplicaHost.Take take) {
        ShardState state = copy == null ? null : copy.take();
        ActorRef<ParameterShard.Command> heir = take.heir();
        heir.tell(
                state == null || begun == null
                        ? new Inherited(null, -1, null)
                        : new Inherited(state, begun.incarnation(), begun.coordinator()));
        return Behaviors.stopped();
    }
}
