package dev.sampo.parameter.shard;

import dev.sampo.cluster.JobId;
import dev.sampo.cluster.plane.DataPlane;
import dev.sampo.cluster.store.Store;
import dev.sampo.cluster.wire.CborSerializable;
import dev.sampo.model.artifact.ModelArtifact;
import dev.sampo.parameter.shard.ReplicaMessages.Applied;
import dev.sampo.parameter.shard.ReplicaMessages.Begin;
import dev.sampo.parameter.shard.ReplicaMessages.Forget;
import dev.sampo.parameter.shard.ReplicaMessages.Part;
import dev.sampo.parameter.shard.ShardMessages.Address;
import dev.sampo.parameter.shard.ShardMessages.Apply;
import dev.sampo.parameter.shard.ShardMessages.AskMissing;
import dev.sampo.parameter.shard.ShardMessages.Contribute;
import dev.sampo.parameter.shard.ShardMessages.Pull;
import dev.sampo.parameter.shard.ShardMessages.Reduced;
import dev.sampo.parameter.shard.ShardMessages.ShardRefused;
import dev.sampo.parameter.shard.ShardMessages.ShardRefused.Reason;
import dev.sampo.parameter.shard.ShardMessages.ShardReply;
import dev.sampo.parameter.shard.ShardMessages.Values;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.StashBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The entity that owns one {@link ShardState} and is the only one to change it. Empty until the job's coordinator sends
 * {@link Start}, unless this node holds the copy of a shard that was hosted elsewhere: then it goes on with that. Without a
 * copy it says {@code LOST} to whoever asks, until it is started with a higher incarnation.
 *
 * <p>With {@code replicas: 1} an applied step is answered once {@link Replication} says that the heir has it. The heir is
 * the node that sharding will choose next, so a shard that moves, on a node's death, leaving or joining, finds its state.
 */
public final class ParameterShard extends AbstractBehavior<ParameterShard.Command> {
    /** What a shard understands. */
    public sealed interface Command
            permits Start,
                    SaveAt,
                    Release,
                    Stop,
                    Contribute,
                    Pull,
                    Apply,
                    AskMissing,
                    Replicated,
                    ReplicaFailed,
                    Inherited,
                    Peers,
                    Tick {}

    /** Loads the snapshot and begins; answered by {@link Started}, {@link StartedLater} or {@link StartFailed}. */
    public record Start(ShardPlan plan, int incarnation, String snapshot, ActorRef<ShardEvent> replyTo)
            implements Command, CborSerializable {}

    /**
     * Also take a checkpoint when the clock gets to {@code clock}; a clock already past is answered by {@link SavePassed}, and
     * by {@link Lost} where there is no state of that incarnation.
     */
    public record SaveAt(int incarnation, long clock, ActorRef<ShardEvent> replyTo)
            implements Command, CborSerializable {}

    /** The job needs this shard no longer. */
    public record Release() implements Command, CborSerializable {}

    /** Stops the entity once its heir has everything; what sharding sends when it moves one. */
    public record Stop() implements Command, CborSerializable {}

    /** The copy on {@code node} is at {@code version}. */
    record Replicated(int incarnation, long version, String node) implements Command, CborSerializable {}

    /** The copy on {@code node} can't follow. */
    record ReplicaFailed(int incarnation, String node) implements Command, CborSerializable {}

    /** What this node's {@link ReplicaHost} had of this shard: all, or nothing. */
    record Inherited(
            @Nullable ShardState state,
            int incarnation,
            @Nullable ActorRef<ShardEvent> coordinator) implements Command {}

    /** The ps nodes that are up and reachable, by address. */
    record Peers(String self, Set<String> nodes) implements Command {}

    /** Time to look at the copies. */
    record Tick() implements Command {}

    /** What a shard tells the job's coordinator. */
    public sealed interface ShardEvent extends CborSerializable {}

    public record Started(int shard, int incarnation, long clock) implements ShardEvent {}

    /** The shard goes on at {@code clock} on another node than before. */
    public record TookOver(int shard, int incarnation, long clock) implements ShardEvent {}

    /** A start that came too late: the shard was started as {@code later} already. */
    public record StartedLater(int shard, int incarnation, int later) implements ShardEvent {}

    public record StartFailed(int shard, int incarnation, String reason) implements ShardEvent {}

    /**
     * The shard at {@code clock} is in the store as blob {@code name}.
     *
     * @param duplicates contributions that came once more and were not counted, since the last save
     */
    public record Saved(
            int shard,
            int incarnation,
            long clock,
            String name,
            String sha256,
            ShardState.Ledger ledger,
            long duplicates)
            implements ShardEvent {}

    /** The shard has no state of that incarnation. */
    public record Lost(int shard, int incarnation) implements ShardEvent {}

    public record SaveFailed(int shard, int incarnation, long clock, String reason) implements ShardEvent {}

    public record SavePassed(int shard, int incarnation, long clock, long current) implements ShardEvent {}

    /** A loss or gradient was not finite at {@code clock}; the shard stays at that clock and refuses contributions. */
    public record Diverged(int shard, int incarnation, long clock, String reason) implements ShardEvent {}

    @SuppressWarnings("ArrayRecordComponent")
    private record Spare(ShardState of, ShardSnapshot snapshot, byte[] bytes) {}

    private static final Duration LOOK_EVERY = Duration.ofMillis(250);
    private static final int STASHED_MAX = 10_000;
    private static final long HAND_OVER_WITHIN_MS = 5_000;

    private final JobId job;
    private final int index;
    private final String shardId;
    private final Store store;
    private final Executor blocking;
    private final DataPlane plane;
    private final StashBuffer<Command> stash;
    /** Each once; workers are not many, and a list leaves nothing on the heap. */
    private List<ActorRef<ShardReply>> waiting = new ArrayList<>();

    private final NavigableSet<Long> saveAt = new TreeSet<>();
    /** The arrays of the checkpoint written last, for the next. */
    private final AtomicReference<@Nullable Spare> spares = new AtomicReference<>();

    private List<ActorRef<ShardReply>> lastAnswered = new ArrayList<>();
    /** Who waits where steps are not synchronous. */
    private final WaitingRanks<ActorRef<ShardReply>> waitingRanks = new WaitingRanks<>();

    private @Nullable ShardState state;
    private @Nullable ActorRef<ShardEvent> coordinator;
    private int incarnation = -1;
    private @Nullable String diverged;
    private double squaredNorm = Double.NaN;
    private boolean inheriting = true;
    private Replication replication = new Replication();
    private Peers peers = new Peers("", Set.of());
    /** Of these peers. */
    private Optional<String> heir = Optional.empty();

    /** The newest clock that anybody was told of; one behind the state's while its step is on the way to the copy. */
    private long answered;

    private long duplicates;
    private float @Nullable [] sum;
    private long stopByMs = Long.MAX_VALUE;

    /** @param host this node's */
    public static Behavior<Command> create(
            JobId job, int index, String shardId, Store store, ActorRef<ReplicaHost.Command> host) {
        return Behaviors.withStash(
                STASHED_MAX,
                stash -> Behaviors.withTimers(timers -> Behaviors.setup(context -> {
                    timers.startTimerWithFixedDelay(new Tick(), LOOK_EVERY);
                    return new ParameterShard(context, stash, job, index, shardId, store, host);
                })));
    }

    private ParameterShard(
            ActorContext<Command> context,
            StashBuffer<Command> stash,
            JobId job,
            int index,
            String shardId,
            Store store,
            ActorRef<ReplicaHost.Command> host) {
        super(context);
        plane = DataPlane.get(context.getSystem());
        this.stash = stash;
        this.job = job;
        this.index = index;
        this.shardId = shardId;
        this.store = store;
        blocking = context.getSystem().dispatchers().lookup(DispatcherSelector.fromConfig("sampo.blocking-dispatcher"));
        host.tell(new ReplicaHost.Take(ShardSharding.entityId(job, index), context.getSelf()));
        host.tell(new ReplicaHost.Hosting(context.getSelf()));
    }

    // Handlers answer same(): for every "this" the interceptors around an entity would make themselves anew.
    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Inherited.class, this::onInherited)
                .onMessage(Peers.class, this::onPeers)
                .onMessage(Command.class, message -> inheriting, this::stashed)
                .onMessage(Contribute.class, this::onContribute)
                .onMessage(Pull.class, this::onPull)
                .onMessage(Apply.class, this::onApply)
                .onMessage(AskMissing.class, this::onAskMissing)
                .onMessage(Replicated.class, this::onReplicated)
                .onMessage(ReplicaFailed.class, this::onReplicaFailed)
                .onMessage(Tick.class, message -> onTick())
                .onMessage(Start.class, this::onStart)
                .onMessage(SaveAt.class, this::onSaveAt)
                .onMessage(Release.class, message -> onRelease())
                .onMessage(Stop.class, message -> onStop())
                .build();
    }

    // ---- where the state comes from ----

    private Behavior<Command> stashed(Command message) {
        if (stash.isFull()) {
            // Whoever sent it will send it again.
            return Behaviors.same();
        }
        stash.stash(message);
        return Behaviors.same();
    }

    private Behavior<Command> onInherited(Inherited inherited) {
        if (!inheriting) {
            return Behaviors.same();
        }
        inheriting = false;
        ShardState shard = inherited.state();
        if (shard != null) {
            state = shard;
            incarnation = inherited.incarnation();
            coordinator = inherited.coordinator();
            answered = shard.clock();
            getContext().getLog().info("job={} shard={} goes on here at clock={}", job, index, shard.clock());
            tellCoordinator(new TookOver(index, incarnation, shard.clock()));
            // The host before may have died while it wrote.
            saveIfDue(shard);
        }
        return stash.unstashAll(this);
    }

    private Behavior<Command> onStart(Start start) {
        if (start.incarnation() == incarnation && state != null) {
            start.replyTo().tell(new Started(index, incarnation, state.clock()));
            return Behaviors.same();
        }
        if (start.incarnation() < incarnation) {
            start.replyTo().tell(new StartedLater(index, start.incarnation(), incarnation));
            return Behaviors.same();
        }
        try {
            var snapshot = ShardSnapshot.fromBytes(store.read(start.snapshot()));
            state = new ShardState(start.plan(), snapshot);
            coordinator = start.replyTo();
            incarnation = start.incarnation();
            waiting.clear();
            waitingRanks.clear();
            saveAt.clear();
            answered = snapshot.clock();
            replication = new Replication();
            sum = null;
            diverged = null;
            squaredNorm = Double.NaN;
            getContext().getLog().debug("job={} shard={} started at clock={}", job, index, snapshot.clock());
            lookAfterCopies(state);
            start.replyTo().tell(new Started(index, incarnation, snapshot.clock()));
        } catch (java.io.IOException | IllegalArgumentException e) {
            start.replyTo()
                    .tell(new StartFailed(index, start.incarnation(), store.locate(start.snapshot()) + ": " + e));
        }
        return Behaviors.same();
    }

    // ---- copies, and moving ----

    private Behavior<Command> onPeers(Peers now) {
        peers = now;
        heir = ShardPlacement.heir(shardId, now.nodes(), now.self());
        return onTick();
    }

    private Behavior<Command> onTick() {
        ShardState shard = state;
        if (shard == null) {
            return Behaviors.same();
        }
        lookAfterCopies(shard);
        answerIfReplicated(shard);
        return stopByMs == Long.MAX_VALUE ? Behaviors.same() : stopIfHandedOver();
    }

    private void lookAfterCopies(ShardState shard) {
        if (shard.plan().replicas() == 0 || diverged != null) {
            return;
        }
        int lost = replication.lost();
        replication.look(heir, peers.nodes(), shard.version(), nowMs()).ifPresent(node -> fill(node, shard));
        if (replication.lost() > lost) {
            getContext().getLog().warn("job={} shard={} lost its copy; a new one is filled", job, index);
        }
    }

    private void fill(String node, ShardState shard) {
        ActorRef<ShardEvent> to = coordinator;
        if (to == null) {
            return;
        }
        ActorRef<ReplicaHost.Command> copy = ReplicaHost.on(getContext().getSystem(), node);
        ShardSnapshot whole = shard.snapshot();
        Address at = at(shard.version());
        copy.tell(new Begin(
                shard.plan(),
                incarnation,
                shard.version(),
                whole.clock(),
                whole.rankClocks(),
                whole.slots().length,
                whole.ledger(),
                to,
                getContext().getSelf()));
        copy.tell(new Part(at, 0, whole.values()));
        for (int slot = 0; slot < whole.slots().length; slot++) {
            copy.tell(new Part(at, slot + 1, whole.slots()[slot]));
        }
    }

    private Behavior<Command> onReplicated(Replicated copy) {
        ShardState shard = state;
        if (shard == null || copy.incarnation() != incarnation) {
            return Behaviors.same();
        }
        replication
                .acknowledged(copy.node(), copy.version(), nowMs())
                .ifPresent(node -> ReplicaHost.on(getContext().getSystem(), node)
                        .tell(new Forget(ShardSharding.entityId(job, index))));
        answerIfReplicated(shard);
        return stopByMs == Long.MAX_VALUE ? Behaviors.same() : stopIfHandedOver();
    }

    private Behavior<Command> onReplicaFailed(ReplicaFailed copy) {
        if (copy.incarnation() == incarnation) {
            replication.drop(copy.node());
        }
        return Behaviors.same();
    }

    private void answerIfReplicated(ShardState shard) {
        if (!isSynchronous(shard)) {
            for (var due : waitingRanks.due(shard, replication::mayAnswer)) {
                sendValues(due.worker(), shard, due.rank());
            }
        }
        if (answered < shard.clock() && replication.mayAnswer(shard.clock())) {
            answered = shard.clock();
            // Empty where steps are not synchronous; then no values of a clock are kept either.
            if (!waiting.isEmpty()) {
                Values values = valuesAt(shard, answered);
                for (int i = 0; i < waiting.size(); i++) {
                    plane.tell(waiting.get(i), values);
                }
            }
            List<ActorRef<ShardReply>> before = lastAnswered;
            lastAnswered = waiting;
            waiting = before;
            waiting.clear();
        }
    }

    private Behavior<Command> onRelease() {
        peers.nodes().stream()
                .filter(node -> !node.equals(peers.self()))
                .forEach(node -> ReplicaHost.on(getContext().getSystem(), node)
                        .tell(new Forget(ShardSharding.entityId(job, index))));
        return Behaviors.stopped();
    }

    private Behavior<Command> onStop() {
        stopByMs = nowMs() + HAND_OVER_WITHIN_MS;
        return stopIfHandedOver();
    }

    private Behavior<Command> stopIfHandedOver() {
        ShardState shard = state;
        boolean moves = shard != null && shard.plan().replicas() > 0 && diverged == null;
        if (shard != null && moves && heir.isPresent() && !replication.isAt(heir.get(), shard.version())) {
            if (nowMs() < stopByMs) {
                lookAfterCopies(shard);
                return Behaviors.same();
            }
            getContext().getLog().warn("job={} shard={} leaves, but {} did not get its state", job, index, heir.get());
        }
        Set<ActorRef<ShardReply>> workers = new LinkedHashSet<>(lastAnswered);
        workers.addAll(waiting);
        workers.addAll(waitingRanks.workers());
        Address here = at(shard == null ? 0 : shard.clock());
        workers.forEach(worker -> refuse(here, worker, Reason.MOVED, "shard " + index + " goes to another node"));
        return Behaviors.stopped();
    }

    private static long nowMs() {
        return System.nanoTime() / 1_000_000;
    }

    // ---- steps ----

    private Behavior<Command> onContribute(Contribute push) {
        ShardState shard = check(push.address(), push.replyTo());
        if (shard == null) {
            return Behaviors.same();
        }
        if (push.length() != shard.plan().length()) {
            refuse(
                    push.address(),
                    push.replyTo(),
                    Reason.MALFORMED,
                    "a gradient of " + push.length() + " values for a shard of "
                            + shard.plan().length());
            return Behaviors.same();
        }
        ShardState.Taken taken;
        try {
            taken = shard.contribute(push.address().clock(), push, push.basis());
        } catch (IllegalArgumentException e) {
            refuse(push.address(), push.replyTo(), Reason.MALFORMED, String.valueOf(e.getMessage()));
            return Behaviors.same();
        }
        switch (taken) {
            case AHEAD ->
                refuse(
                        push.address(),
                        push.replyTo(),
                        Reason.LOST,
                        "a contribution to clock " + push.address().clock() + " but the clock is " + shard.clock());
            case REPEATED -> onRepeated(shard, push);
            case WAITING -> await(push.replyTo());
            case COMPLETE -> {
                if (isSynchronous(shard)) {
                    await(push.replyTo());
                    onComplete(shard);
                } else {
                    waitingRanks.add(push.block().lo(), push.replyTo(), shard.version() + 1);
                    step(shard, 1f);
                }
            }
        }
        return Behaviors.same();
    }

    private void await(ActorRef<ShardReply> worker) {
        if (!waiting.contains(worker)) {
            waiting.add(worker);
        }
    }

    private static boolean isSynchronous(ShardState shard) {
        return shard.plan().consistency().synchronous();
    }

    private void onRepeated(ShardState shard, Contribute push) {
        duplicates++;
        if (!isSynchronous(shard)) {
            waitingRanks.add(push.block().lo(), push.replyTo(), shard.version());
            answerIfReplicated(shard);
        } else if (push.address().clock() < answered) {
            answerLastReduced(shard, push);
            sendValuesAt(push.replyTo(), shard, answered);
        } else {
            await(push.replyTo());
            if (push.address().clock() == shard.clock()) {
                answerReduced(shard, push.replyTo());
            }
        }
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
            plane.tell(worker, new Reduced(at(shard.clock()), squaredNorm));
        }
    }

    /** For a worker that comes after all others and knows no shard's norm yet. */
    private void answerLastReduced(ShardState shard, Contribute push) {
        if (push.address().clock() == shard.clock() - 1 && !Double.isNaN(shard.lastSquaredNorm())) {
            plane.tell(push.replyTo(), new Reduced(push.address(), shard.lastSquaredNorm()));
        }
    }

    private Behavior<Command> onApply(Apply apply) {
        ShardState shard = check(apply.address(), apply.replyTo());
        if (shard == null) {
            return Behaviors.same();
        }
        if (!isSynchronous(shard) || !(apply.factor() >= 0 && apply.factor() <= 1)) {
            refuse(
                    apply.address(),
                    apply.replyTo(),
                    Reason.MALFORMED,
                    "a clipping factor of " + apply.factor() + "; it must be 0 to 1, and steps synchronous");
        } else if (apply.address().clock() == shard.clock() && shard.isComplete()) {
            await(apply.replyTo());
            step(shard, apply.factor());
        } else if (apply.address().clock() < answered) {
            sendValuesAt(apply.replyTo(), shard, answered);
        } else if (apply.address().clock() < shard.clock()) {
            await(apply.replyTo());
        }
        return Behaviors.same();
    }

    private Behavior<Command> onAskMissing(AskMissing ask) {
        ShardState shard = check(ask.address(), ask.replyTo());
        if (shard != null && ask.address().clock() == shard.clock() && !shard.isComplete()) {
            plane.tell(ask.replyTo(), new ShardMessages.Missing(ask.address(), shard.missingRanks()));
        }
        return Behaviors.same();
    }

    private Behavior<Command> onPull(Pull pull) {
        ShardState shard = check(pull.address(), pull.replyTo());
        if (shard == null) {
            return Behaviors.same();
        }
        long wanted = pull.address().clock();
        if (!isSynchronous(shard)) {
            onPullOfRank(shard, pull);
        } else if (wanted > shard.clock() + 1) {
            refuse(
                    pull.address(),
                    pull.replyTo(),
                    Reason.LOST,
                    "clock " + wanted + " is known but the clock here is " + shard.clock());
        } else if (wanted > answered) {
            await(pull.replyTo());
        } else {
            sendValuesAt(pull.replyTo(), shard, shard.hasValuesAt(wanted) ? wanted : answered);
        }
        return Behaviors.same();
    }

    private void onPullOfRank(ShardState shard, Pull pull) {
        if (pull.rank() >= shard.plan().ranks()) {
            String message = "rank " + pull.rank() + " of " + shard.plan().ranks();
            refuse(pull.address(), pull.replyTo(), Reason.MALFORMED, message);
            return;
        }
        if (pull.rank() < 0) {
            waitingRanks.addUntil(pull.address().clock(), pull.replyTo());
        } else {
            waitingRanks.add(pull.rank(), pull.replyTo(), shard.version());
        }
        answerIfReplicated(shard);
    }

    private void step(ShardState shard, float clipFactor) {
        long clock = shard.clock();
        long version = shard.version();
        try {
            float[] forCopies = sumForCopies(shard);
            ShardState.Step step = shard.apply(clipFactor, forCopies);
            if (forCopies != null) {
                Applied applied = new Applied(
                        at(version), step, shard.plan().compression().packing(), forCopies);
                replication
                        .targets()
                        .forEach(node ->
                                ReplicaHost.on(getContext().getSystem(), node).tell(applied));
                replication.sent(shard.version(), nowMs());
            }
        } catch (ShardState.DivergedException e) {
            diverged = "step " + clock + ": " + e.getMessage();
            waiting.forEach(worker -> refuse(at(clock), worker, Reason.DIVERGED, String.valueOf(diverged)));
            waiting.clear();
            waitingRanks.clear();
            tellCoordinator(new Diverged(index, incarnation, clock, String.valueOf(e.getMessage())));
            return;
        }
        answerIfReplicated(shard);
        if (shard.clock() > clock) {
            saveIfDue(shard);
        }
    }

    /** The array for the step's sum. It is used again only when what it was sent with is surely written out. */
    private float @Nullable [] sumForCopies(ShardState shard) {
        if (!replication.hasTargets()) {
            sum = null;
        } else if (sum == null || replication.isFilling() || !replication.mayAnswer(shard.version())) {
            sum = new float[shard.plan().length()];
        }
        return sum;
    }

    private void saveIfDue(ShardState shard) {
        long clock = shard.clock();
        boolean asked = !saveAt.isEmpty() && saveAt.first() <= clock;
        long every = shard.plan().checkpointEverySteps();
        if (asked || clock % shard.plan().stepsPerEpoch() == 0 || every > 0 && clock % every == 0) {
            saveAt.headSet(clock, true).clear();
            save(shard);
        }
    }

    /** Writes a copy in the background, so steps go on. */
    private void save(ShardState shard) {
        Spare last = spares.getAndSet(null);
        // A snapshot of another life may have other lengths.
        Spare spare = last != null && last.of() == shard ? last : null;
        ShardSnapshot snapshot = shard.snapshot(spare == null ? null : spare.snapshot());
        String name = Checkpoints.shardName(job, snapshot.clock(), index);
        int writtenFor = incarnation;
        long uncounted = duplicates;
        duplicates = 0;
        ActorRef<ShardEvent> to = coordinator;
        if (to == null) {
            return;
        }
        var unused = CompletableFuture.supplyAsync(
                        () -> {
                            try {
                                byte[] bytes = snapshot.toBytes(spare == null ? null : spare.bytes());
                                store.write(name, bytes);
                                String sha = ModelArtifact.sha256(bytes);
                                spares.set(new Spare(shard, snapshot, bytes));
                                return sha;
                            } catch (java.io.IOException e) {
                                throw new java.io.UncheckedIOException(e);
                            }
                        },
                        blocking)
                .whenComplete((sha, failure) -> to.tell(
                        failure == null
                                ? new Saved(
                                        index, writtenFor, snapshot.clock(), name, sha, snapshot.ledger(), uncounted)
                                : new SaveFailed(
                                        index,
                                        writtenFor,
                                        snapshot.clock(),
                                        "can't write " + store.locate(name) + ": " + rootOf(failure))));
    }

    private static String rootOf(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.toString();
    }

    private Behavior<Command> onSaveAt(SaveAt save) {
        ShardState shard = state;
        if (shard == null || save.incarnation() > incarnation) {
            save.replyTo().tell(new Lost(index, save.incarnation()));
            return Behaviors.same();
        }
        if (save.incarnation() < incarnation) {
            return Behaviors.same();
        }
        if (save.clock() < shard.clock()) {
            tellCoordinator(new SavePassed(index, incarnation, save.clock(), shard.clock()));
        } else if (save.clock() == shard.clock()) {
            save(shard);
        } else {
            saveAt.add(save.clock());
        }
        return Behaviors.same();
    }

    /** The state if it can answer that address; otherwise null after a refusal. */
    private @Nullable ShardState check(Address address, ActorRef<ShardReply> replyTo) {
        if (address.shard() != index || !address.job().equals(job)) {
            refuse(
                    address,
                    replyTo,
                    Reason.MALFORMED,
                    "this is shard " + index + " of job " + job + ", not shard " + address.shard() + " of job "
                            + address.job());
            return null;
        }
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

    /** In a synchronous job: the values at a clock that are still here. */
    private void sendValuesAt(ActorRef<ShardReply> worker, ShardState shard, long clock) {
        plane.tell(worker, valuesAt(shard, clock));
    }

    private Values valuesAt(ShardState shard, long clock) {
        return values(shard, ShardState.Step.ALL_RANKS, clock, clock, shard.valuesAt(clock));
    }

    /** Where steps are not synchronous: the newest values, copied, since the next update may come while they are read. */
    private void sendValues(ActorRef<ShardReply> worker, ShardState shard, int rank) {
        plane.tell(
                worker,
                values(
                        shard,
                        rank,
                        shard.clock(rank),
                        shard.version(),
                        shard.values().clone()));
    }

    private Values values(ShardState shard, int rank, long clock, long version, float[] values) {
        return new Values(
                at(clock),
                rank,
                version,
                shard.stepLoss(),
                shard.rowsApplied(),
                getContext().getSelf(),
                values);
    }

    /** By the way that values take, so that it does not overtake them. */
    private void refuse(Address address, ActorRef<ShardReply> worker, Reason reason, String message) {
        plane.tell(worker, new ShardRefused(address, reason, message));
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
