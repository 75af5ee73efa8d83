package dev.sampo.trainer.worker;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.cluster.JobId;
import dev.sampo.cluster.store.Store;
import dev.sampo.ingestion.stream.BatchAssembler;
import dev.sampo.ingestion.stream.BatchPart;
import dev.sampo.ingestion.stream.BatchReply;
import dev.sampo.ingestion.stream.Dataset;
import dev.sampo.ingestion.stream.FetchFailed;
import dev.sampo.ingestion.stream.IngestEntity;
import dev.sampo.ingestion.stream.IngestSharding;
import dev.sampo.model.data.Batch;
import dev.sampo.model.network.Network;
import dev.sampo.parameter.shard.ParameterShard;
import dev.sampo.parameter.shard.RankTree;
import dev.sampo.parameter.shard.ShardMessages.Address;
import dev.sampo.parameter.shard.ShardMessages.Apply;
import dev.sampo.parameter.shard.ShardMessages.Contribute;
import dev.sampo.parameter.shard.ShardMessages.Pull;
import dev.sampo.parameter.shard.ShardMessages.Reduced;
import dev.sampo.parameter.shard.ShardMessages.ShardRefused;
import dev.sampo.parameter.shard.ShardMessages.ShardReply;
import dev.sampo.parameter.shard.ShardMessages.Values;
import dev.sampo.parameter.shard.ShardSharding;
import dev.sampo.parameter.shard.ShardState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.jspecify.annotations.Nullable;

/**
 * One worker's part in one incarnation of a job: fetches batches, computes the gradients of its ranks, exchanges them with
 * the shards, evaluates at an epoch's end. Decides through {@link StepProtocol} and {@link BatchQueue}. One actor calls it.
 */
final class RankRun implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** Batches of a rank that are on their way or here, beside the one in use. */
    private static final int PREFETCH = 3;

    private static final long PATIENCE_MS = 3_000;
    /** Until a shard that does not answer is sought again; doubled up to {@link #PATIENCE_MS} while nothing comes. */
    private static final long SHARD_PATIENCE_MS = 750;

    private static final long REPORT_EVERY_MS = 150;

    /** The addresses a run talks to and is answered at. */
    record Peers(
            ActorRef<Worker.Command> self,
            ActorRef<ShardReply> fromShards,
            ActorRef<BatchReply> fromIngest,
            ActorRef<ShardingEnvelope<ParameterShard.Command>> shards,
            ActorRef<ShardingEnvelope<IngestEntity.Command>> ingest) {}

    private final TrainPlan plan;
    private final int incarnation;
    private final Peers peers;
    private final Store store;
    private final Network network;
    private final Network.Lane lane;
    private final StepProtocol protocol;
    private final BatchQueue queue = new BatchQueue();
    private final BatchAssembler assembler = new BatchAssembler();
    private final @Nullable Values[] latest;
    /** Where a shard was when it last answered; null: seek it through sharding. */
    private final Map<Integer, ActorRef<ParameterShard.Command>> shards = new HashMap<>();

    private final double[] norms;
    private final Map<Integer, ActorRef<IngestEntity.Command>> readers = new HashMap<>();
    private Worker.Assign assignment;
    private GradientTree gradients;
    private @Nullable EpochEvaluation evaluation;
    private long lastHeardMs = nowMs();
    private long shardPatienceMs = SHARD_PATIENCE_MS;
    private long lastReportMs;

    static RankRun begin(Worker.Assign assign, Peers peers, Store store) throws IOException {
        TrainPlan plan = JSON.readValue(store.read(TrainPlan.blob(assign.job())), TrainPlan.class);
        return new RankRun(plan, assign, peers, store);
    }

    private RankRun(TrainPlan plan, Worker.Assign assign, Peers peers, Store store) {
        this.plan = plan;
        this.incarnation = assign.incarnation();
        this.peers = peers;
        this.store = store;
        assignment = assign;
        network = Network.of(plan.model(), plan.inputs(), plan.target());
        lane = network.newLane(plan.batchSize());
        gradients = newGradients();
        latest = new Values[plan.shards().size()];
        norms = new double[plan.shards().size()];
        Arrays.fill(norms, Double.NaN);
        protocol = new StepProtocol(plan.shards().size(), until(assign));
        pullMissing();
        prefetch();
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

    boolean isFor(JobId job, int ofIncarnation) {
        return plan.job().equals(job) && incarnation == ofIncarnation;
    }

    private long until(Worker.Assign assign) {
        return (assign.lastEpoch() + 1L) * plan.stepsPerEpoch();
    }

    /** Takes other ranks, or another bound for the same. */
    void assign(Worker.Assign assign) {
        boolean dealtAgain = assign.generation() != assignment.generation();
        assignment = assign;
        if (dealtAgain) {
            // New arrays: a shard of this process may still be reading the old ones.
            gradients = newGradients();
            protocol.recompute();
            evaluation = null;
        }
        boolean stopped = protocol.phase() == StepProtocol.Phase.STOPPED;
        protocol.extend(until(assign));
        if (stopped && protocol.phase() == StepProtocol.Phase.COMPUTING) {
            evaluation = null;
        }
        prefetch();
        proceed();
    }

    private GradientTree newGradients() {
        return new GradientTree(
                RankTree.blocks(assignment.lo(), assignment.hi(), plan.ranks()),
                plan.ranks(),
                network.parameterCount());
    }

    void onShard(ShardReply reply) {
        Address address = reply.address();
        if (!address.job().equals(plan.job()) || address.incarnation() != incarnation) {
            return;
        }
        if (!(reply instanceof ShardRefused)) {
            lastHeardMs = nowMs();
            shardPatienceMs = SHARD_PATIENCE_MS;
        }
        if (reply instanceof Values values) {
            shards.put(address.shard(), values.shard());
            if (protocol.onValues(address.shard(), address.clock())) {
                latest[address.shard()] = values;
                proceed();
            }
        } else if (reply instanceof Reduced reduced) {
            onReduced(reduced);
        } else if (reply instanceof ShardRefused refused) {
            switch (refused.reason()) {
                case LOST -> coordinator().tell(new Worker.ShardLost(plan.job(), incarnation, address.shard()));
                case MALFORMED ->
                    throw new IllegalStateException("shard " + address.shard() + " refused: " + refused.message());
                case MOVED -> {
                    shards.remove(address.shard());
                    sendAgain(address.shard());
                }
                // The shard itself told the coordinator, or this run is over.
                case DIVERGED, OLD_INCARNATION -> {}
            }
        }
    }

    /** Under clipping by norm: when all shards have reduced, every worker derives the same factor. */
    private void onReduced(Reduced reduced) {
        if (reduced.address().clock() != protocol.clock() || protocol.phase() != StepProtocol.Phase.EXCHANGING) {
            return;
        }
        norms[reduced.address().shard()] = reduced.squaredNorm();
        double sum = 0;
        for (double norm : norms) {
            sum += norm;
        }
        if (Double.isNaN(sum)) {
            return;
        }
        float factor = ShardState.clipFactor(sum, Objects.requireNonNull(plan.clipNorm()));
        for (int shard : protocol.missing()) {
            sendToShard(shard, new Apply(address(shard, protocol.clock()), factor, peers.fromShards()));
        }
    }

    void onBatch(BatchReply reply) {
        if (reply instanceof FetchFailed failed) {
            if (failed.job().equals(plan.job())) {
                throw new IllegalStateException(failed.reason());
            }
            return;
        }
        if (reply instanceof BatchPart part && part.job().equals(plan.job())) {
            Batch batch = assembler.accept(part);
            if (batch != null) {
                readers.put(part.rank(), part.source());
                queue.arrived(new BatchKey(part.dataset(), part.epoch(), part.rank(), part.index()), batch);
                proceed();
            }
        }
    }

    /** Does whatever can be done now; called after everything that arrives. */
    private void proceed() {
        while (true) {
            if (protocol.advance()) {
                loadValues();
                prefetch();
            }
            switch (protocol.phase()) {
                case COMPUTING -> {
                    if (!queue.hasAll(keysAt(protocol.clock()))) {
                        return;
                    }
                    computeAndSend();
                }
                case STOPPED -> {
                    evaluate();
                    return;
                }
                case JOINING -> {
                    for (int shard : protocol.apart()) {
                        pull(shard, protocol.oldest());
                    }
                    return;
                }
                case EXCHANGING -> {
                    if (!protocol.missing().isEmpty()) {
                        return;
                    }
                }
            }
        }
    }

    private void loadValues() {
        for (int shard = 0; shard < latest.length; shard++) {
            var range = plan.shards().get(shard);
            float[] values = Objects.requireNonNull(latest[shard]).values();
            lane.load(values, 0, range.from(), range.to() - range.from());
        }
        Arrays.fill(norms, Double.NaN);
        report();
    }

    private void computeAndSend() {
        long clock = protocol.clock();
        int epoch = (int) (clock / plan.stepsPerEpoch());
        int index = (int) (clock % plan.stepsPerEpoch());
        gradients.compute(
                lane,
                rank -> Objects.requireNonNull(queue.get(new BatchKey(Dataset.TRAIN, epoch, rank, index))),
                rank -> dropoutSeed(clock, rank));
        protocol.sent();
        for (int shard : protocol.missing()) {
            contribute(shard);
        }
    }

    private void contribute(int shard) {
        var range = plan.shards().get(shard);
        for (GradientTree.Sum sum : gradients.sums()) {
            sendToShard(
                    shard,
                    new Contribute(
                            address(shard, protocol.clock()),
                            sum.block,
                            sum.loss.rows(),
                            sum.loss.weight(),
                            sum.loss.loss(),
                            sum.gradient,
                            range.from(),
                            range.to() - range.from(),
                            peers.fromShards()));
        }
    }

    /** Splits the job's seed by (step, rank), so that a mask does not depend on who computes it. */
    private long dropoutSeed(long clock, int rank) {
        long z = plan.seed() * 0x9E3779B97F4A7C15L + clock * 0xBF58476D1CE4E5B9L + rank * 0x94D049BB133111EBL;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    private void evaluate() {
        if (evaluation == null) {
            int epoch = (int) (protocol.clock() / plan.stepsPerEpoch()) - 1;
            evaluation = new EpochEvaluation(plan, incarnation, epoch, assignment, lane, network);
        }
        EpochEvaluation current = evaluation;
        request(current.wanted(PREFETCH + 1));
        try {
            while (current.step(queue, store)) {
                request(current.wanted(PREFETCH + 1));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("can't write an evaluation", e);
        }
        if (current.reportOnce()) {
            report();
            coordinator().tell(current.finished(peers.self()));
        }
    }

    private List<BatchKey> keysAt(long clock) {
        List<BatchKey> keys = new ArrayList<>();
        int epoch = (int) (clock / plan.stepsPerEpoch());
        int index = (int) (clock % plan.stepsPerEpoch());
        for (int rank = assignment.lo(); rank < assignment.hi(); rank++) {
            keys.add(new BatchKey(Dataset.TRAIN, epoch, rank, index));
        }
        return keys;
    }

    /** Asks for the batches of this step and the next few. */
    private void prefetch() {
        if (protocol.phase() == StepProtocol.Phase.STOPPED || protocol.clock() < 0) {
            return;
        }
        List<BatchKey> keys = new ArrayList<>();
        long end = (long) plan.epochs() * plan.stepsPerEpoch();
        for (long clock = protocol.clock(); clock <= protocol.clock() + PREFETCH && clock < end; clock++) {
            keys.addAll(keysAt(clock));
        }
        request(keys);
    }

    private void request(List<BatchKey> keys) {
        for (BatchKey key : queue.want(keys, nowMs())) {
            fetch(key, readers.get(key.rank()));
        }
    }

    private void fetch(BatchKey key, @Nullable ActorRef<IngestEntity.Command> reader) {
        var message = new IngestEntity.FetchBatch(
                plan.job(), key.dataset(), key.epoch(), key.rank(), key.index(), peers.fromIngest());
        if (reader != null) {
            reader.tell(message);
        } else {
            peers.ingest().tell(new ShardingEnvelope<>(IngestSharding.entityId(plan.job(), key.rank()), message));
        }
    }

    /** Repeats what stayed without an answer, through sharding, since the peer may have moved. */
    void onTick() {
        long now = nowMs();
        for (BatchKey key : queue.overdue(now, PATIENCE_MS)) {
            readers.remove(key.rank());
            fetch(key, null);
        }
        boolean sought = protocol.phase() == StepProtocol.Phase.EXCHANGING;
        if (now - lastHeardMs < (sought ? shardPatienceMs : PATIENCE_MS)) {
            return;
        }
        lastHeardMs = now;
        shardPatienceMs = Math.min(PATIENCE_MS, 2 * shardPatienceMs);
        switch (protocol.phase()) {
            case JOINING -> {
                protocol.rejoin();
                shards.clear();
                pullMissing();
            }
            case EXCHANGING -> {
                // A shard that moved answers LOST or its clock, and with it its new address.
                for (int shard : protocol.missing()) {
                    shards.remove(shard);
                    contribute(shard);
                }
            }
            case COMPUTING -> prefetch();
            case STOPPED -> {
                if (evaluation != null && evaluation.isFinished()) {
                    coordinator().tell(evaluation.finished(peers.self()));
                }
            }
        }
    }

    /** A shard went to another node, and knows nothing of what the step is made of. */
    private void sendAgain(int shard) {
        if (protocol.phase() == StepProtocol.Phase.EXCHANGING
                && protocol.missing().contains(shard)) {
            contribute(shard);
        } else if (protocol.phase() == StepProtocol.Phase.JOINING) {
            pull(shard, Pull.NEWEST);
        }
    }

    private void pullMissing() {
        for (int shard : protocol.missing()) {
            pull(shard, Pull.NEWEST);
        }
    }

    private void pull(int shard, long clock) {
        sendToShard(shard, new Pull(address(shard, clock), peers.fromShards()));
    }

    /** Straight to the shard once it has answered; its first contact and any retry go through sharding. */
    private void sendToShard(int shard, ParameterShard.Command message) {
        ActorRef<ParameterShard.Command> known = shards.get(shard);
        if (known != null) {
            known.tell(message);
        } else {
            peers.shards().tell(new ShardingEnvelope<>(ShardSharding.entityId(plan.job(), shard), message));
        }
    }

    private Address address(int shard, long clock) {
        return new Address(plan.job(), shard, incarnation, clock);
    }

    private void report() {
        long now = nowMs();
        Values first = latest[0];
        boolean due = now - lastReportMs >= REPORT_EVERY_MS || protocol.phase() == StepProtocol.Phase.STOPPED;
        if (due && first != null && assignment.lo() == 0) {
            lastReportMs = now;
            coordinator()
                    .tell(new Worker.Progressed(
                            plan.job(), incarnation, protocol.clock(), first.stepLoss(), first.rowsApplied()));
        }
    }

    private static long nowMs() {
        return System.nanoTime() / 1_000_000;
    }

    @Override
    public void close() {
        lane.close();
    }
}
