package dev.sampo.parameter.shard;

import dev.sampo.cluster.JobId;
import dev.sampo.cluster.store.Store;
import dev.sampo.cluster.wire.CborSerializable;
import dev.sampo.model.artifact.ModelArtifact;
import dev.sampo.parameter.shard.ShardMessages.Address;
import dev.sampo.parameter.shard.ShardMessages.Apply;
import dev.sampo.parameter.shard.ShardMessages.Contribute;
import dev.sampo.parameter.shard.ShardMessages.Pull;
import dev.sampo.parameter.shard.ShardMessages.Reduced;
import dev.sampo.parameter.shard.ShardMessages.ShardRefused;
import dev.sampo.parameter.shard.ShardMessages.ShardRefused.Reason;
import dev.sampo.parameter.shard.ShardMessages.ShardReply;
import dev.sampo.parameter.shard.ShardMessages.Values;
import java.util.LinkedHashSet;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.jspecify.annotations.Nullable;

/**
 * The entity that owns one {@link ShardState} and is the only one to change it. Empty until the job's coordinator sends
 * {@link Start}; an entity that was moved or restarted is empty again and says {@code LOST} to whoever asks, until it is
 * started with a higher incarnation.
 */
public final class ParameterShard extends AbstractBehavior<ParameterShard.Command> {
    /** What a shard understands. */
    public sealed interface Command permits Start, SaveAt, Release, Stop, Contribute, Pull, Apply {}

    /** Loads the snapshot from the store and begins; answered by {@link Started} or {@link StartFailed}. */
    public record Start(ShardPlan plan, int incarnation, String snapshot, ActorRef<ShardEvent> replyTo)
            implements Command, CborSerializable {}

    /** Also take a checkpoint when the clock gets to {@code clock}; a clock already past is answered by {@link SavePassed}. */
    public record SaveAt(int incarnation, long clock) implements Command, CborSerializable {}

    /** The job needs this shard no longer. */
    public record Release() implements Command, CborSerializable {}

    /** Stops the entity; what sharding sends when it moves one. */
    public record Stop() implements Command, CborSerializable {}

    /** What a shard tells the job's coordinator. */
    public sealed interface ShardEvent extends CborSerializable {}

    public record Started(int shard, int incarnation, long clock) implements ShardEvent {}

    public record StartFailed(int shard, int incarnation, String reason) implements ShardEvent {}

    /** The shard at {@code clock} is in the store as blob {@code name}. */
    public record Saved(int shard, int incarnation, long clock, String name, String sha256, ShardState.Ledger ledger)
            implements ShardEvent {}

    public record SaveFailed(int shard, int incarnation, long clock, String reason) implements ShardEvent {}

    public record SavePassed(int shard, int incarnation, long clock, long current) implements ShardEvent {}

    /** A loss or gradient was not finite at {@code clock}; the shard stays at that clock and refuses contributions. */
    public record Diverged(int shard, int incarnation, long clock, String reason) implements ShardEvent {}

    private final JobId job;
    private final int index;
    private final Store store;
    private final Executor blocking;
    private final Set<ActorRef<ShardReply>> waiting = new LinkedHashSet<>();
    private final NavigableSet<Long> saveAt = new TreeSet<>();
    private @Nullable ShardState state;
    private @Nullable ActorRef<ShardEvent> coordinator;
    private int incarnation = -1;
    private @Nullable String diverged;
    private double squaredNorm = Double.NaN;

    public static Behavior<Command> create(JobId job, int index, Store store) {
        return Behaviors.setup(context -> new ParameterShard(context, job, index, store));
    }

    private ParameterShard(ActorContext<Command> context, JobId job, int index, Store store) {
        super(context);
        this.job = job;
        this.index = index;
        this.store = store;
        blocking = context.getSystem().dispatchers().lookup(DispatcherSelector.fromConfig("sampo.blocking-dispatcher"));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Contribute.class, this::onContribute)
                .onMessage(Pull.class, this::onPull)
                .onMessage(Apply.class, this::onApply)
                .onMessage(Start.class, this::onStart)
                .onMessage(SaveAt.class, this::onSaveAt)
                .onMessage(Release.class, message -> Behaviors.stopped())
                .onMessage(Stop.class, message -> Behaviors.stopped())
                .build();
    }

    private Behavior<Command> onStart(Start start) {
        if (start.incarnation() == incarnation && state != null) {
            start.replyTo().tell(new Started(index, incarnation, state.clock()));
            return this;
        }
        if (start.incarnation() < incarnation) {
            return this;
        }
        try {
            var snapshot = ShardSnapshot.fromBytes(store.read(start.snapshot()));
            state = new ShardState(start.plan(), snapshot);
            coordinator = start.replyTo();
            incarnation = start.incarnation();
            waiting.clear();
            saveAt.clear();
            diverged = null;
            squaredNorm = Double.NaN;
            getContext().getLog().debug("job={} shard={} started at clock={}", job, index, snapshot.clock());
            start.replyTo().tell(new Started(index, incarnation, snapshot.clock()));
        } catch (java.io.IOException | IllegalArgumentException e) {
            start.replyTo()
                    .tell(new StartFailed(index, start.incarnation(), store.locate(start.snapshot()) + ": " + e));
        }
        return this;
    }

    private Behavior<Command> onContribute(Contribute push) {
        ShardState shard = check(push.address(), push.replyTo());
        if (shard == null) {
            return this;
        }
        if (push.length() != shard.plan().length()) {
            refuse(
                    push.address(),
                    push.replyTo(),
                    Reason.MALFORMED,
                    "a gradient of " + push.length() + " values for a shard of "
                            + shard.plan().length());
            return this;
        }
        ShardState.Taken taken;
        try {
            taken = shard.contribute(
                    push.address().clock(),
                    push.block(),
                    push.gradient(),
                    push.offset(),
                    push.rows(),
                    push.weight(),
                    push.loss());
        } catch (IllegalArgumentException e) {
            refuse(push.address(), push.replyTo(), Reason.MALFORMED, String.valueOf(e.getMessage()));
            return this;
        }
        switch (taken) {
            case AHEAD ->
                refuse(
                        push.address(),
                        push.replyTo(),
                        Reason.MALFORMED,
                        "a contribution to clock " + push.address().clock() + " but the clock is " + shard.clock());
            case REPEATED -> {
                if (push.address().clock() < shard.clock()) {
                    sendValues(push.replyTo(), shard, shard.clock());
                } else {
                    waiting.add(push.replyTo());
                    answerReduced(shard, push.replyTo());
                }
            }
            case WAITING -> waiting.add(push.replyTo());
            case COMPLETE -> {
                waiting.add(push.replyTo());
                onComplete(shard);
            }
        }
        return this;
    }

    private void onComplete(ShardState shard) {
        if (shard.needsNorm()) {
            squaredNorm = shard.squaredNorm();
            waiting.forEach(worker -> answerReduced(shard, worker));
        } else {
            step(shard, 1f);
        }
    }

    private void answerReduced(ShardState shard, ActorRef<ShardReply> worker) {
        if (shard.needsNorm() && shard.isComplete()) {
            worker.tell(new Reduced(at(shard.clock()), squaredNorm));
        }
    }

    private Behavior<Command> onApply(Apply apply) {
        ShardState shard = check(apply.address(), apply.replyTo());
        if (shard == null) {
            return this;
        }
        if (apply.address().clock() == shard.clock() && shard.isComplete()) {
            waiting.add(apply.replyTo());
            step(shard, apply.factor());
        } else if (apply.address().clock() < shard.clock()) {
            sendValues(apply.replyTo(), shard, shard.clock());
        }
        return this;
    }

    private Behavior<Command> onPull(Pull pull) {
        ShardState shard = check(pull.address(), pull.replyTo());
        if (shard == null) {
            return this;
        }
        long wanted = pull.address().clock();
        if (wanted > shard.clock()) {
            waiting.add(pull.replyTo());
        } else {
            sendValues(pull.replyTo(), shard, shard.hasValuesAt(wanted) ? wanted : shard.clock());
        }
        return this;
    }

    private void step(ShardState shard, float clipFactor) {
        long clock = shard.clock();
        try {
            shard.apply(clipFactor);
        } catch (ShardState.DivergedException e) {
            diverged = "step " + clock + ": " + e.getMessage();
            waiting.forEach(worker -> refuse(at(clock), worker, Reason.DIVERGED, String.valueOf(diverged)));
            waiting.clear();
            tellCoordinator(new Diverged(index, incarnation, clock, String.valueOf(e.getMessage())));
            return;
        }
        for (ActorRef<ShardReply> worker : waiting) {
            sendValues(worker, shard, shard.clock());
        }
        waiting.clear();
        saveIfDue(shard);
    }

    private void saveIfDue(ShardState shard) {
        long clock = shard.clock();
        boolean asked = !saveAt.headSet(clock, true).isEmpty();
        long every = shard.plan().checkpointEverySteps();
        if (asked || clock % shard.plan().stepsPerEpoch() == 0 || every > 0 && clock % every == 0) {
            saveAt.headSet(clock, true).clear();
            save(shard.snapshot());
        }
    }

    /** Writes in the background; the snapshot is a copy, so steps go on. */
    private void save(ShardSnapshot snapshot) {
        String name = Checkpoints.shardName(job, snapshot.clock(), index);
        int writtenFor = incarnation;
        ActorRef<ShardEvent> to = coordinator;
        if (to == null) {
            return;
        }
        var unused = CompletableFuture.supplyAsync(
                        () -> {
                            try {
                                byte[] bytes = snapshot.toBytes();
                                store.write(name, bytes);
                                return ModelArtifact.sha256(bytes);
                            } catch (java.io.IOException e) {
                                throw new java.io.UncheckedIOException(e);
                            }
                        },
                        blocking)
                .whenComplete((sha, failure) -> to.tell(
                        failure == null
                                ? new Saved(index, writtenFor, snapshot.clock(), name, sha, snapshot.ledger())
                                : new SaveFailed(
                                        index,
                                        writtenFor,
                                        snapshot.clock(),
                                        "can't write " + store.locate(name) + ": " + failure.getCause())));
    }

    private Behavior<Command> onSaveAt(SaveAt save) {
        ShardState shard = state;
        if (shard == null || save.incarnation() != incarnation) {
            return this;
        }
        if (save.clock() < shard.clock()) {
            tellCoordinator(new SavePassed(index, incarnation, save.clock(), shard.clock()));
        } else if (save.clock() == shard.clock()) {
            save(shard.snapshot());
        } else {
            saveAt.add(save.clock());
        }
        return this;
    }

    /** The state if it can answer that address; otherwise null after a refusal. */
    private @Nullable ShardState check(Address address, ActorRef<ShardReply> replyTo) {
        ShardState shard = state;
        if (shard == null || address.incarnation() > incarnation) {
            refuse(address, replyTo, Reason.LOST, "shard " + index + " of job " + job + " has no state here");
            return null;
        }
        if (address.incarnation() < incarnation) {
            refuse(
                    address,
                    replyTo,
                    Reason.OLD_INCARNATION,
                    "incarnation " + address.incarnation() + " is over; now it is " + incarnation);
            return null;
        }
        if (diverged != null) {
            refuse(address, replyTo, Reason.DIVERGED, diverged);
            return null;
        }
        return shard;
    }

    private void sendValues(ActorRef<ShardReply> worker, ShardState shard, long clock) {
        var ledger = shard.ledger();
        worker.tell(new Values(
                at(clock), ledger.stepLoss(), ledger.rowsApplied(), getContext().getSelf(), shard.valuesAt(clock)));
    }

    private static void refuse(Address address, ActorRef<ShardReply> worker, Reason reason, String message) {
        worker.tell(new ShardRefused(address, reason, message));
    }

    private Address at(long clock) {
        return new Address(job, index, incarnation, clock);
    }

    private void tellCoordinator(ShardEvent event) {
        if (coordinator != null) {
            coordinator.tell(event);
        }
    }
}
