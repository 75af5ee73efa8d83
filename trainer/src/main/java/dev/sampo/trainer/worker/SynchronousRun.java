package dev.sampo.trainer.worker;

import dev.sampo.cluster.store.Store;
import dev.sampo.model.data.Selection;
import dev.sampo.parameter.compression.Residuals;
import dev.sampo.parameter.shard.RankTree;
import dev.sampo.parameter.shard.RankTree.Block;
import dev.sampo.parameter.shard.ShardMessages.Apply;
import dev.sampo.parameter.shard.ShardMessages.AskMissing;
import dev.sampo.parameter.shard.ShardMessages.Missing;
import dev.sampo.parameter.shard.ShardMessages.Pull;
import dev.sampo.parameter.shard.ShardMessages.Reduced;
import dev.sampo.parameter.shard.ShardMessages.ShardReply;
import dev.sampo.parameter.shard.ShardMessages.Values;
import dev.sampo.parameter.shard.ShardState;
import dev.sampo.parameter.shard.ShardState.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.IntFunction;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The run of a synchronous job: all ranks at one clock, and the ranks of a worker summed before they are sent. */
final class SynchronousRun extends RankRun {
    /** Shards may be further apart than one step for as long as an answer can be late, and no longer. */
    private static final long APART_MS = 5_000;
    /** Frames of at most 1 MiB; the transport's queue has room for 1024 to a node. */
    private static final int SHARDS_UNDER_WAY = 256;

    private final StepProtocol protocol;
    private final SendWindow window = new SendWindow(SHARDS_UNDER_WAY);
    private final double[] norms;
    /** What a gradient needs of the step, made once. */
    private final IntFunction<Selection> batches;

    private final IntToLongFunction dropoutSeeds;
    private final GradientTree.Ready whenReady = this::sendReady;
    /** What this worker's ranks have not sent; null unless the compression keeps it. */
    private final @Nullable Residuals residuals;

    private GradientTree gradients;
    private Backup backup;
    /** Of {@link Backup#adopted}. */
    private @Nullable GradientTree substitute;

    private long substitutedClock = -1;
    private long sentMs;
    private long askedMs;
    private long joiningSinceMs = nowMs();

    SynchronousRun(TrainPlan plan, Worker.Assign assign, Peers peers, Store store) {
        super(plan, assign, peers, store);
        residuals = plan.compression().keepsResiduals()
                ? new Residuals(
                        plan.compression().ratio(),
                        network.parameterCount(),
                        plan.stepsPerEpoch(),
                        plan.checkpointEverySteps())
                : null;
        gradients = newGradients();
        backup = new Backup(plan.ranks(), assign.lo(), assign.hi());
        norms = new double[plan.shards().size()];
        Arrays.fill(norms, Double.NaN);
        protocol = new StepProtocol(plan.shards().size(), until(assign));
        batches = rank -> batch(protocol.clock(), rank);
        dropoutSeeds = rank -> dropoutSeed(protocol.clock(), rank);
    }

    private GradientTree newGradients() {
        return new GradientTree(
                RankTree.blocks(assignment().lo(), assignment().hi(), plan.ranks()),
                plan.ranks(),
                network.parameterCount(),
                plan.compression(),
                residuals);
    }

    @Override
    void join() {
        for (int shard : protocol.missing()) {
            pull(shard, Pull.NEWEST, Step.ALL_RANKS);
        }
    }

    @Override
    void dealt() {
        // New arrays: a shard of this process may still be reading the old ones.
        gradients = newGradients();
        backup = new Backup(plan.ranks(), assignment().lo(), assignment().hi());
        substitute = null;
        protocol.recompute();
    }

    @Override
    void extend(long until) {
        protocol.extend(until);
    }

    @Override
    boolean isStopped() {
        return protocol.phase() == StepProtocol.Phase.STOPPED;
    }

    @Override
    long clock(int rank) {
        return protocol.clock();
    }

    @Override
    boolean onValues(Values values) {
        int shard = values.address().shard();
        boolean news = protocol.onValues(shard, values.address().clock());
        if (news && protocol.phase() == StepProtocol.Phase.EXCHANGING) {
            int next = window.answered(shard);
            if (next >= 0) {
                contributeAll(next);
            }
        }
        return news;
    }

    @Override
    void onOther(ShardReply reply) {
        if (reply.address().clock() != protocol.clock() || protocol.phase() != StepProtocol.Phase.EXCHANGING) {
            return;
        }
        if (reply instanceof Reduced reduced) {
            onReduced(reduced);
        } else if (reply instanceof Missing missing && lacksOurs(missing)) {
            // What was sent there is lost, as after the shard moved.
            contributeAll(missing.address().shard());
        } else if (residuals == null
                && reply instanceof Missing missing
                && backup.onMissing(missing.ranks(), protocol.clock())) {
            substitute = newSubstitute();
            prefetch();
            proceed();
        }
    }

    private boolean lacksOurs(Missing missing) {
        return window.isUnderWay(missing.address().shard())
                && missing.ranks().stream()
                        .anyMatch(block ->
                                block.lo() < assignment().hi() && assignment().lo() < block.hi());
    }

    private GradientTree newSubstitute() {
        List<Block> blocks = new ArrayList<>();
        for (Block range : backup.adopted()) {
            blocks.addAll(RankTree.blocks(range.lo(), range.hi(), plan.ranks()));
        }
        return new GradientTree(blocks, plan.ranks(), network.parameterCount(), plan.compression(), null);
    }

    /** Under clipping by norm: when all shards have reduced, every worker derives the same factor. */
    private void onReduced(Reduced reduced) {
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

    @Override
    void proceed() {
        while (true) {
            if (protocol.advance()) {
                loadValues();
                Arrays.fill(norms, Double.NaN);
                report(protocol.clock());
                backup.exchanged(nowMs() - sentMs);
                if (backup.advancedTo(protocol.clock())) {
                    substitute = null;
                }
                prefetch();
            }
            switch (protocol.phase()) {
                case COMPUTING -> {
                    if (!hasBatches() || lacksResiduals()) {
                        return;
                    }
                    computeAndSend();
                }
                case STOPPED -> {
                    evaluate(protocol.clock());
                    return;
                }
                case JOINING -> {
                    for (int shard : protocol.apart()) {
                        pull(shard, protocol.oldest(), Step.ALL_RANKS);
                    }
                    return;
                }
                case EXCHANGING -> {
                    if (protocol.isAnyMissing()) {
                        substituteIfLate();
                        return;
                    }
                }
            }
        }
    }

    /** Where what a rank has not sent is lost, the job must go back to a clock at which there was nothing. */
    private boolean lacksResiduals() {
        if (residuals == null
                || residuals.at(
                        protocol.clock(), assignment().lo(), assignment().hi())) {
            return false;
        }
        coordinator()
                .tell(new Worker.ResidualsLost(
                        plan.job(), incarnation(), assignment().generation(), protocol.clock()));
        return true;
    }

    private boolean hasBatches() {
        for (int rank = assignment().lo(); rank < assignment().hi(); rank++) {
            if (queue.get(key(protocol.clock(), rank)) == null) {
                return false;
            }
        }
        return true;
    }

    /** Computes what another worker is late with, when its batches are here. */
    private void substituteIfLate() {
        GradientTree late = substitute;
        long clock = protocol.clock();
        if (late == null || substitutedClock == clock) {
            return;
        }
        boolean here = ranksOf(backup.adopted()).allMatch(rank -> queue.get(key(clock, rank)) != null);
        if (here) {
            late.compute(lane, batches, dropoutSeeds, GradientTree.Ready.IGNORED);
            computed();
            substitutedClock = clock;
            protocol.missing().stream().filter(window::isUnderWay).forEach(shard -> contributeAll(shard, late));
        }
    }

    private static IntStream ranksOf(List<Block> ranges) {
        return ranges.stream().flatMapToInt(range -> IntStream.range(range.lo(), range.hi()));
    }

    @Override
    int[] ranksOfOthers() {
        return backup.adopted().isEmpty()
                ? super.ranksOfOthers()
                : ranksOf(backup.adopted()).toArray();
    }

    /** Asks who is late when an exchange takes much longer than those before. */
    @Override
    void look(long nowMs) {
        if (protocol.phase() == StepProtocol.Phase.JOINING) {
            lookForOutdated(nowMs);
        } else {
            joiningSinceMs = nowMs;
        }
        if (protocol.phase() == StepProtocol.Phase.EXCHANGING
                && nowMs - Math.max(sentMs, askedMs) >= backup.patienceMs()) {
            askedMs = nowMs;
            protocol.missing().stream()
                    .findFirst()
                    .ifPresent(shard ->
                            sendToShard(shard, new AskMissing(address(shard, protocol.clock()), peers.fromShards())));
        }
    }

    @Override
    String waitsFor() {
        return switch (protocol.phase()) {
            case COMPUTING -> "the batches of its ranks" + (hasBatches() ? ", which are here" : "");
            case JOINING ->
                "values of one clock: shards " + protocol.missing() + " are silent, " + protocol.apart() + " apart";
            case EXCHANGING ->
                "shards " + protocol.missing() + ", sent "
                        + protocol.missing().stream().filter(window::isUnderWay).toList();
            case STOPPED -> "nothing";
        };
    }

    /** A shard that stays further behind than one step has not the state that the others went on from. */
    private void lookForOutdated(long nowMs) {
        for (int shard : protocol.outdated()) {
            pull(shard, Pull.NEWEST, Step.ALL_RANKS);
            if (nowMs - joiningSinceMs > APART_MS) {
                joiningSinceMs = nowMs;
                coordinator().tell(new Worker.ShardLost(plan.job(), incarnation(), shard));
            }
        }
    }

    private void computeAndSend() {
        window.clear();
        gradients.compute(lane, batches, dropoutSeeds, whenReady);
        protocol.sent();
        sentMs = nowMs();
        computed();
    }

    /** Each shard's part is sent as soon as it is final, so that the last layers travel while the first are computed. */
    private void sendReady(GradientTree.Sum sum, int from, int to) {
        List<GradientTree.Sum> sums = gradients.sums();
        if (sum != sums.get(sums.size() - 1)) {
            return;
        }
        for (int shard = plan.shards().size() - 1; shard >= 0; shard--) {
            if (protocol.isMissing(shard) && beginsWithin(shard, from, to) && window.offer(shard)) {
                contributeAll(shard);
            }
        }
    }

    private boolean beginsWithin(int shard, int from, int to) {
        int begin = plan.shards().get(shard).from();
        return from <= begin && begin < to;
    }

    private void contributeAll(int shard) {
        contributeAll(shard, gradients);
        if (substitute != null && substitutedClock == protocol.clock()) {
            contributeAll(shard, substitute);
        }
    }

    private void contributeAll(int shard, GradientTree tree) {
        // By index: an iterator for each shard and step would be a tenth of what a step leaves on the heap.
        List<GradientTree.Sum> sums = tree.sums();
        for (int i = 0; i < sums.size(); i++) {
            contribute(shard, protocol.clock(), sums.get(i));
        }
    }

    @Override
    void sendAgain(int shard) {
        if (protocol.phase() == StepProtocol.Phase.EXCHANGING
                && protocol.isMissing(shard)
                && window.isUnderWay(shard)) {
            contributeAll(shard);
        } else if (protocol.phase() == StepProtocol.Phase.JOINING) {
            pull(shard, Pull.NEWEST, Step.ALL_RANKS);
        }
    }

    @Override
    void sendAllAgain() {
        switch (protocol.phase()) {
            case JOINING -> {
                protocol.rejoin();
                for (int shard : protocol.missing()) {
                    seek(shard);
                }
                join();
            }
            case EXCHANGING -> {
                // A shard that moved answers LOST or its clock, and with it its new address.
                for (int shard : protocol.missing()) {
                    seek(shard);
                    if (window.isUnderWay(shard)) {
                        contributeAll(shard);
                    }
                }
            }
            case COMPUTING -> prefetch();
            case STOPPED -> {}
        }
    }
}
