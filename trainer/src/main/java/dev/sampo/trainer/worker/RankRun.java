package dev.sampo.trainer.worker;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.cluster.JobId;
import dev.sampo.cluster.plane.DataPlane;
import dev.sampo.cluster.store.Store;
import dev.sampo.ingestion.stream.BatchAssembler;
import dev.sampo.ingestion.stream.BatchPart;
import dev.sampo.ingestion.stream.BatchReply;
import dev.sampo.ingestion.stream.Dataset;
import dev.sampo.ingestion.stream.FetchFailed;
import dev.sampo.ingestion.stream.IngestEntity;
import dev.sampo.ingestion.stream.IngestSharding;
import dev.sampo.model.data.Selection;
import dev.sampo.model.network.Network;
import dev.sampo.parameter.shard.ParameterShard;
import dev.sampo.parameter.shard.ShardMessages.Address;
import dev.sampo.parameter.shard.ShardMessages.Contribute;
import dev.sampo.parameter.shard.ShardMessages.Missing;
import dev.sampo.parameter.shard.ShardMessages.Pull;
import dev.sampo.parameter.shard.ShardMessages.ShardRefused;
import dev.sampo.parameter.shard.ShardMessages.ShardReply;
import dev.sampo.parameter.shard.ShardMessages.Values;
import dev.sampo.parameter.shard.ShardSharding;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One worker's part in one incarnation of a job: fetches batches, exchanges with the shards, evaluates at an epoch's end.
 * When which rank's gradient is computed is up to the kind of run. One actor calls it.
 */
abstract class RankRun implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** Batches of a rank that are on their way or here, beside the one in use. */
    private static final int PREFETCH = 3;

    /** Until a batch that did not come is asked for again. */
    private static final long BATCH_PATIENCE_MS = 3_000;

    private static final long REPORT_EVERY_MS = 150;
    private static final long STORAGE_RETRY_MS = 1_000;
    /** A step that takes longer says what it waits for. */
    private static final long TOLD_AFTER_MS = 10_000;

    private static final int[] NO_RANKS = {};

    private static final Logger LOG = LoggerFactory.getLogger(RankRun.class);

    /** The addresses a run talks to and is answered at. */
    record Peers(
            ActorRef<Worker.Command> self,
            ActorRef<ShardReply> fromShards,
            ActorRef<BatchReply> fromIngest,
            DataPlane plane,
            ActorRef<ShardingEnvelope<ParameterShard.Command>> shards,
            ActorRef<ShardingEnvelope<IngestEntity.Command>> ingest) {}

    final TrainPlan plan;
    final Peers peers;
    final Network network;
    final Network.Lane lane;
    final BatchQueue queue = new BatchQueue();
    /** Each shard's newest values that count. */
    final @Nullable Values[] latest;

    private final List<BatchKey> wanted = new ArrayList<>();
    /** By rank. */
    private final @Nullable BatchKey[][] keys;

    private final int incarnation;
    private final Store store;
    private final BatchAssembler assembler = new BatchAssembler();
    /** Where a shard was when it last answered; null: seek it through sharding. */
    private final Map<Integer, ActorRef<ParameterShard.Command>> shards = new HashMap<>();

    private final Map<Integer, ActorRef<IngestEntity.Command>> readers = new HashMap<>();
    private Worker.Assign assignment;
    private @Nullable EpochEvaluation evaluation;
    private final Silence silence;
    private long lastReportMs;
    private long retries;
    /** The slowest rank's clock when it last changed, and since when this is so or was told. */
    private long stuckClock = -1;

    private long stuckSinceMs = nowMs();
    /** What a shard refused last. */
    private String refusal = "";
    /** When an evaluation that could not be written is tried again; 0 if there is none. */
    private long retryEvaluationMs;

    static RankRun begin(Worker.Assign assign, Peers peers, Store store) throws IOException {
        TrainPlan plan = JSON.readValue(store.read(TrainPlan.blob(assign.job())), TrainPlan.class);
        RankRun run = plan.consistency().synchronous()
                ? new SynchronousRun(plan, assign, peers, store)
                : new StaleRun(plan, assign, peers, store);
        // Laying out a large model takes longer than a shard's answer may.
        run.computed();
        run.join();
        run.prefetch();
        return run;
    }

    RankRun(TrainPlan plan, Worker.Assign assign, Peers peers, Store store) {
        this.plan = plan;
        this.incarnation = assign.incarnation();
        this.peers = peers;
        this.store = store;
        assignment = assign;
        network = Network.of(plan.model(), plan.inputs(), plan.target());
        lane = network.newLane(plan.batchSize());
        silence = new Silence(nowMs(), network.parameterCount());
        latest = new Values[plan.shards().size()];
        keys = new BatchKey[plan.ranks()][];
    }

    JobId job() {
        return plan.job();
    }

    int incarnation() {
        return incarnation;
    }

    ActorRef<Worker.WorkerEvent> coordinator() {
        return assignment.replyTo();
    }

    Worker.Assign assignment() {
        return assignment;
    }

    boolean isFor(JobId job, int ofIncarnation) {
        return plan.job().equals(job) && incarnation == ofIncarnation;
    }

    long until(Worker.Assign assign) {
        return (assign.lastEpoch() + 1L) * plan.stepsPerEpoch();
    }

    // ---- what the kinds of run decide ----

    /** Asks the shards where they are. */
    abstract void join();

    /** Other ranks are dealt. */
    abstract void dealt();

    /** The bound of training is at {@code until} now. */
    abstract void extend(long until);

    /** Whether training has come to its bound, and the values of that clock are loaded. */
    abstract boolean isStopped();

    /** The clock a rank computes for, or -1 while it is not known. */
    abstract long clock(int rank);

    /** Values came; true if they count, and are kept. */
    abstract boolean onValues(Values values);

    /** An answer other than values or a refusal. */
    abstract void onOther(ShardReply reply);

    /** Does whatever can be done now; called after everything that arrives. */
    abstract void proceed();

    /** Sends again what {@code shard} has not answered: it moved. */
    abstract void sendAgain(int shard);

    /** Ranks of other workers whose batches are needed too. */
    int[] ranksOfOthers() {
        return NO_RANKS;
    }

    /** Called a few times a second. */
    void look(long nowMs) {}

    /** What keeps this run from its next step, for the log. */
    abstract String waitsFor();

    private void tellIfStuck(long now) {
        long clock = IntStream.range(assignment.lo(), assignment.hi())
                .mapToLong(this::clock)
                .min()
                .orElse(-1);
        if (clock != stuckClock || isStopped()) {
            stuckClock = clock;
            stuckSinceMs = now;
        } else if (now - stuckSinceMs > TOLD_AFTER_MS) {
            stuckSinceMs = now;
            LOG.warn(
                    "job={} ranks=[{}, {}) clock={} waits for {}",
                    plan.job(),
                    assignment.lo(),
                    assignment.hi(),
                    clock,
                    waitsFor() + refusal);
        }
    }

    /** No shard has said anything for a while: sends again what is not answered, through sharding. */
    abstract void sendAllAgain();

    // ---- what arrives ----

    /** Takes other ranks, or another bound for the same. */
    final void assign(Worker.Assign assign) {
        boolean dealtAgain = assign.generation() != assignment.generation();
        assignment = assign;
        if (dealtAgain) {
            dealt();
            evaluation = null;
        }
        boolean stopped = isStopped();
        extend(until(assign));
        if (stopped && !isStopped()) {
            evaluation = null;
        }
        prefetch();
        proceed();
    }

    final void onShard(ShardReply reply) {
        Address address = reply.address();
        if (!address.job().equals(plan.job()) || address.incarnation() != incarnation) {
            return;
        }
        // Who is late is no news of what was sent: it must not put off that it is sent again.
        if (!(reply instanceof ShardRefused) && !(reply instanceof Missing)) {
            silence.heard(nowMs());
        }
        if (reply instanceof Values values) {
            shards.put(address.shard(), values.shard());
            if (onValues(values)) {
                latest[address.shard()] = values;
                proceed();
            }
        } else if (reply instanceof ShardRefused refused) {
            onRefused(refused);
        } else {
            onOther(reply);
        }
    }

    private void onRefused(ShardRefused refused) {
        int shard = refused.address().shard();
        refusal = "; shard " + shard + " refused last: " + refused.message();
        switch (refused.reason()) {
            case LOST -> coordinator().tell(new Worker.ShardLost(plan.job(), incarnation, shard));
            case MALFORMED -> throw new IllegalStateException("shard " + shard + " refused: " + refused.message());
            case MOVED -> {
                shards.remove(shard);
                retries++;
                sendAgain(shard);
            }
            // The shard itself told the coordinator, or this run is over.
            case DIVERGED, OLD_INCARNATION -> {}
        }
    }

    final void onBatch(BatchReply reply) {
        if (reply instanceof FetchFailed failed) {
            if (failed.job().equals(plan.job())) {
                throw new IllegalStateException(failed.reason());
            }
            return;
        }
        if (reply instanceof BatchPart part && part.job().equals(plan.job())) {
            Selection batch = assembler.accept(part);
            if (batch != null) {
                readers.put(part.rank(), part.source());
                queue.arrived(new BatchKey(part.dataset(), part.epoch(), part.rank(), part.index()), batch);
                proceed();
            }
        }
    }

    /** Repeats what stayed without an answer, through sharding, since the peer may have moved. */
    final void onTick() {
        long now = nowMs();
        if (!silence.isUnread(now)) {
            fetchOverdue(now);
        }
        look(now);
        tellIfStuck(now);
        if (retryEvaluationMs > 0 && now >= retryEvaluationMs && isStopped()) {
            retryEvaluationMs = 0;
            proceed();
        }
        if (!silence.isTooLong(now, isStopped())) {
            return;
        }
        if (!isStopped()) {
            retries++;
            if (silence.isLasting()) {
                // Not the first time: it may be the connections that are at fault.
                shards.values().forEach(peers.plane()::doubt);
            }
            sendAllAgain();
        } else if (evaluation != null && evaluation.isFinished()) {
            coordinator().tell(evaluation.finished(peers.self(), retries));
        }
    }

    private void fetchOverdue(long now) {
        for (BatchKey key : queue.overdue(now, BATCH_PATIENCE_MS)) {
            ActorRef<IngestEntity.Command> silent = readers.remove(key.rank());
            if (silent != null) {
                peers.plane().doubt(silent);
            }
            retries++;
            fetch(key, null);
        }
    }

    // ---- values and gradients ----

    /** This thread was at work until now, and read nothing. */
    final void computed() {
        silence.computed(nowMs());
    }

    final void loadValues() {
        for (int shard = 0; shard < latest.length; shard++) {
            var range = plan.shards().get(shard);
            float[] values = Objects.requireNonNull(latest[shard]).values();
            lane.load(values, 0, range.from(), range.to() - range.from());
        }
    }

    final Selection batch(long clock, int rank) {
        return Objects.requireNonNull(queue.get(key(clock, rank)));
    }

    /** Keys are few and asked for often, so those of the last steps are kept. */
    final BatchKey key(long clock, int rank) {
        int epoch = (int) (clock / plan.stepsPerEpoch());
        int index = (int) (clock % plan.stepsPerEpoch());
        BatchKey[] ofRank = keys[rank];
        if (ofRank == null) {
            ofRank = new BatchKey[PREFETCH + 1];
            keys[rank] = ofRank;
        }
        int at = (int) (clock % ofRank.length);
        BatchKey kept = ofRank[at];
        if (kept == null || kept.index() != index || kept.epoch() != epoch) {
            kept = new BatchKey(Dataset.TRAIN, epoch, rank, index);
            ofRank[at] = kept;
        }
        return kept;
    }

    /** Splits the job's seed by (step, rank), so that a mask does not depend on who computes it. */
    final long dropoutSeed(long clock, int rank) {
        long z = plan.seed() * 0x9E3779B97F4A7C15L + clock * 0xBF58476D1CE4E5B9L + rank * 0x94D049BB133111EBL;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    final void contribute(int shard, long clock, GradientTree.Sum sum) {
        var range = plan.shards().get(shard);
        Values values = latest[shard];
        Address sameAddress = values == null || values.address().clock() != clock ? null : values.address();
        sendToShard(
                shard,
                new Contribute(
                        sameAddress != null ? sameAddress : address(shard, clock),
                        sum.block,
                        sum.loss.rows(),
                        sum.loss.weight(),
                        sum.loss.loss(),
                        sum.basis == null ? 0 : sum.basis[shard],
                        plan.compression().packing(),
                        sum.gradient,
                        range.from(),
                        range.to() - range.from(),
                        peers.fromShards()));
    }

    final void pull(int shard, long clock, int rank) {
        sendToShard(shard, new Pull(address(shard, clock), rank, peers.fromShards()));
    }

    /** Straight to the shard once it has answered; its first contact and any retry go through sharding. */
    final void sendToShard(int shard, ParameterShard.Command message) {
        ActorRef<ParameterShard.Command> known = shards.get(shard);
        if (known != null) {
            peers.plane().tell(known, message);
        } else {
            peers.shards().tell(new ShardingEnvelope<>(ShardSharding.entityId(plan.job(), shard), message));
        }
    }

    /** The next message to it goes through sharding. */
    final void seek(int shard) {
        shards.remove(shard);
    }

    final Address address(int shard, long clock) {
        return new Address(plan.job(), shard, incarnation, clock);
    }

    // ---- batches and evaluation ----

    /** Asks for the batches of this step and the next few. */
    final void prefetch() {
        if (isStopped()) {
            return;
        }
        wanted.clear();
        for (int ahead = 0; ahead <= PREFETCH; ahead++) {
            for (int rank = assignment.lo(); rank < assignment.hi(); rank++) {
                want(rank, ahead);
            }
        }
        for (int rank : ranksOfOthers()) {
            for (int ahead = 0; ahead <= PREFETCH; ahead++) {
                want(rank, ahead);
            }
        }
        if (!wanted.isEmpty()) {
            request(wanted);
        }
    }

    private void want(int rank, int ahead) {
        long clock = clock(rank);
        if (clock >= 0 && clock + ahead < (long) plan.epochs() * plan.stepsPerEpoch()) {
            wanted.add(key(clock + ahead, rank));
        }
    }

    private void request(List<BatchKey> keys) {
        if (keys.isEmpty()) {
            // Nothing to evaluate: what was asked for of the next epoch is still good.
            return;
        }
        List<BatchKey> fresh = queue.want(keys, nowMs());
        for (int i = 0; i < fresh.size(); i++) {
            BatchKey key = fresh.get(i);
            fetch(key, readers.get(key.rank()));
        }
    }

    private void fetch(BatchKey key, @Nullable ActorRef<IngestEntity.Command> reader) {
        var message = new IngestEntity.FetchBatch(
                plan.job(), key.dataset(), key.epoch(), key.rank(), key.index(), queue.spare(), peers.fromIngest());
        if (reader != null) {
            peers.plane().tell(reader, message);
        } else {
            peers.ingest().tell(new ShardingEnvelope<>(IngestSharding.entityId(plan.job(), key.rank()), message));
        }
    }

    /** Evaluates the epoch that ended at {@code clock}, as far as its batches are here; once through, tells so. */
    final void evaluate(long clock) {
        if (evaluation == null) {
            int epoch = (int) (clock / plan.stepsPerEpoch()) - 1;
            evaluation = new EpochEvaluation(plan, incarnation, epoch, assignment, lane, network);
        }
        if (retryEvaluationMs > nowMs()) {
            return;
        }
        EpochEvaluation current = evaluation;
        request(current.wanted(PREFETCH + 1));
        try {
            while (current.step(queue, store)) {
                request(current.wanted(PREFETCH + 1));
            }
        } catch (IOException e) {
            retryEvaluationMs = nowMs() + STORAGE_RETRY_MS;
            coordinator()
                    .tell(new Worker.StorageAway(
                            incarnation, assignment.generation(), "an evaluation can't be written: " + e));
            return;
        }
        if (current.reportOnce()) {
            report(clock);
            coordinator().tell(current.finished(peers.self(), retries));
        }
    }

    /** Where this worker is, now and then, if it has rank 0. */
    final void report(long clock) {
        long now = nowMs();
        Values first = latest[0];
        boolean due = now - lastReportMs >= REPORT_EVERY_MS || isStopped();
        if (due && first != null && assignment.lo() == 0) {
            lastReportMs = now;
            coordinator()
                    .tell(new Worker.Progressed(plan.job(), incarnation, clock, first.stepLoss(), first.rowsApplied()));
        }
    }

    static long nowMs() {
        return System.nanoTime() / 1_000_000;
    }

    @Override
    public void close() {
        lane.close();
    }
}
