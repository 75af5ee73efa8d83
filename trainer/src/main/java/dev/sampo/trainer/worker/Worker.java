package dev.sampo.trainer.worker;

import dev.sampo.cluster.JobId;
import dev.sampo.cluster.plane.DataPlane;
import dev.sampo.cluster.store.Store;
import dev.sampo.cluster.wire.CborSerializable;
import dev.sampo.ingestion.stream.BatchReply;
import dev.sampo.ingestion.stream.IngestEntity;
import dev.sampo.model.kernel.Kernel;
import dev.sampo.parameter.shard.ParameterShard;
import dev.sampo.parameter.shard.ShardMessages.ShardReply;
import java.time.Duration;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One compute lane of a worker node: owns one {@link RankRun} at a time and is its only caller. Coordinators find it
 * through the receptionist under {@link #KEY}.
 */
public final class Worker extends AbstractBehavior<Object> {
    public static final ServiceKey<Command> KEY = ServiceKey.create(Command.class, "sampo-worker");
    private static final Duration TICK = Duration.ofMillis(100);
    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);

    /** What a worker understands. */
    public sealed interface Command {}

    /** Asks for the arithmetic of this worker; answered by {@link Described}. */
    public record Describe(ActorRef<WorkerEvent> replyTo) implements Command, CborSerializable {}

    /**
     * Compute for ranks [lo, hi) up to the end of epoch {@code lastEpoch}. The same generation again only moves the bound;
     * a new one changes the ranks; a new incarnation begins anew.
     */
    public record Assign(
            JobId job, int incarnation, int generation, int lo, int hi, int lastEpoch, ActorRef<WorkerEvent> replyTo)
            implements Command, CborSerializable {}

    /** Stop computing for the job; what was sent may still be counted. */
    public record Release(JobId job) implements Command, CborSerializable {}

    /**
     * This node is about to stop: coordinators deal without this worker, which goes on computing until they have. Answered when
     * it has no ranks any more.
     */
    public record Leave(ActorRef<Done> replyTo) implements Command {}

    private enum Tick implements Command {
        INSTANCE
    }

    /** What a worker tells a job's coordinator. */
    public sealed interface WorkerEvent extends CborSerializable {}

    public record Described(ActorRef<Command> worker, String kernel, int threads, String fingerprint)
            implements WorkerEvent {}

    /** Where the step loop is; a few times a second. */
    public record Progressed(JobId job, int incarnation, long clock, double loss, long rowsApplied)
            implements WorkerEvent {}

    /**
     * Training and evaluation of ranks [lo, hi) are through with {@code epoch}.
     *
     * @param retries requests that this worker sent again since it began with this incarnation
     */
    public record EpochFinished(
            ActorRef<Command> worker,
            int incarnation,
            int generation,
            int epoch,
            int lo,
            int hi,
            double evaluateSeconds,
            long retries)
            implements WorkerEvent {}

    /** A shard has no state of this incarnation. */
    public record ShardLost(JobId job, int incarnation, int shard) implements WorkerEvent {}

    /** What this worker's ranks had not sent before {@code clock} is not known here: they were another's then. */
    public record ResidualsLost(JobId job, int incarnation, int generation, long clock) implements WorkerEvent {}

    /** This worker can't write to the store for now, and tries again. */
    public record StorageAway(int incarnation, int generation, String reason) implements WorkerEvent {}

    /** This worker can't go on, whatever is tried again; the job fails with the reason. */
    public record Failed(ActorRef<Command> worker, JobId job, int incarnation, int generation, String reason)
            implements WorkerEvent {}

    private final Store store;
    private final ActorRef<ShardingEnvelope<ParameterShard.Command>> shards;
    private final ActorRef<ShardingEnvelope<IngestEntity.Command>> ingest;
    private @Nullable RankRun run;
    private boolean isLeaving;
    /** Waits for the ranks to be handed back. */
    private @Nullable ActorRef<Done> leaving;

    public static Behavior<Command> create(
            Store store,
            ActorRef<ShardingEnvelope<ParameterShard.Command>> shards,
            ActorRef<ShardingEnvelope<IngestEntity.Command>> ingest) {
        return Behaviors.<Object>setup(
                        context -> Behaviors.withTimers(timers -> new Worker(context, timers, store, shards, ingest)))
                .narrow();
    }

    private Worker(
            ActorContext<Object> context,
            TimerScheduler<Object> timers,
            Store store,
            ActorRef<ShardingEnvelope<ParameterShard.Command>> shards,
            ActorRef<ShardingEnvelope<IngestEntity.Command>> ingest) {
        super(context);
        this.store = store;
        this.shards = shards;
        this.ingest = ingest;
        timers.startTimerWithFixedDelay(Tick.INSTANCE, TICK);
        WarmUp.run();
        context.getSystem().receptionist().tell(Receptionist.register(KEY, self()));
    }

    private ActorRef<Command> self() {
        return getContext().getSelf().narrow();
    }

    // Commands, and the answers of shards and ingest as they are: an adapter would wrap each of them twice.
    @Override
    public Receive<Object> createReceive() {
        return newReceiveBuilder()
                .onMessage(ShardReply.class, this::onRun)
                .onMessage(BatchReply.class, this::onRun)
                .onMessage(Describe.class, this::onDescribe)
                .onMessage(Assign.class, this::onAssign)
                .onMessage(Release.class, this::onRelease)
                .onMessage(Leave.class, this::onLeave)
                .onMessage(Tick.class, this::onRun)
                .onSignal(PostStop.class, signal -> onPostStop())
                .build();
    }

    private Behavior<Object> onDescribe(Describe describe) {
        if (isLeaving) {
            // Who answers is dealt ranks.
            return Behaviors.same();
        }
        var numerics = Kernel.describe();
        describe.replyTo().tell(new Described(self(), numerics.kernel(), numerics.threads(), numerics.fingerprint()));
        return Behaviors.same();
    }

    private Behavior<Object> onAssign(Assign assign) {
        RankRun current = run;
        if (current != null && current.isFor(assign.job(), assign.incarnation())) {
            current.assign(assign);
            return Behaviors.same();
        }
        if (isLeaving) {
            // Whoever dealt it has not heard yet, and deals again when it does.
            LOG.info("job={} ranks=[{}, {}) refused: this worker leaves", assign.job(), assign.lo(), assign.hi());
            return Behaviors.same();
        }
        drop();
        LOG.info("job={} ranks=[{}, {}) begun", assign.job(), assign.lo(), assign.hi());
        try {
            run = RankRun.begin(
                    assign,
                    new RankRun.Peers(
                            self(),
                            getContext().getSelf().narrow(),
                            getContext().getSelf().narrow(),
                            DataPlane.get(getContext().getSystem()),
                            shards,
                            ingest),
                    store);
        } catch (java.io.IOException | RuntimeException e) {
            getContext().getLog().warn("job={} can't begin, reason={}", assign.job(), e.toString());
            assign.replyTo()
                    .tell(new Failed(self(), assign.job(), assign.incarnation(), assign.generation(), "worker: " + e));
        }
        return Behaviors.same();
    }

    private Behavior<Object> onRelease(Release release) {
        if (run != null && run.job().equals(release.job())) {
            drop();
        }
        return leaveIfIdle();
    }

    private Behavior<Object> onLeave(Leave leave) {
        isLeaving = true;
        leaving = leave.replyTo();
        getContext().getSystem().receptionist().tell(Receptionist.deregister(KEY, self()));
        return leaveIfIdle();
    }

    private Behavior<Object> leaveIfIdle() {
        if (leaving != null && run == null) {
            leaving.tell(Done.getInstance());
            leaving = null;
        }
        return Behaviors.same();
    }

    /** What the run in hand is to hear of. */
    private Behavior<Object> onRun(Object message) {
        RankRun current = run;
        if (current != null) {
            try {
                if (message instanceof ShardReply reply) {
                    current.onShard(reply);
                } else if (message instanceof BatchReply reply) {
                    current.onBatch(reply);
                } else {
                    current.onTick();
                }
            } catch (RuntimeException e) {
                failed(current, e);
            }
        }
        return Behaviors.same();
    }

    /** A fault of the arithmetic or of a batch fails the job with its reason; it must not restart the lane in silence. */
    private void failed(RankRun current, RuntimeException e) {
        getContext().getLog().error("job={} failed on this worker", current.job(), e);
        current.coordinator()
                .tell(new Failed(
                        self(),
                        current.job(),
                        current.incarnation(),
                        current.assignment().generation(),
                        "worker: " + reason(e)));
        drop();
    }

    /** A file's fault says more by its cause. */
    private static String reason(RuntimeException e) {
        return e instanceof java.io.UncheckedIOException && e.getCause() != null
                ? e.getMessage() + ": " + e.getCause()
                : e.toString();
    }

    private Behavior<Object> onPostStop() {
        drop();
        return Behaviors.same();
    }

    private void drop() {
        RankRun current = run;
        if (current != null) {
            current.close();
        }
        run = null;
    }
}
