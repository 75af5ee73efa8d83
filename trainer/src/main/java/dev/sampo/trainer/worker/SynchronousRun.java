package dev.sampo.trainer.worker;

import dev.sampo.cluster.store.Store;
import dev.sampo.parameter.shard.RankTree;
import dev.sampo.parameter.shard.ShardMessages.Apply;
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

/** The run of a synchronous job: all ranks at one clock, and the ranks of a worker summed before they are sent. */
final class SynchronousRun extends RankRun {
    private final StepProtocol protocol;
    private final double[] norms;
    private GradientTree gradients;

    SynchronousRun(TrainPlan plan, Worker.Assign assign, Peers peers, Store store) {
        super(plan, assign, peers, store);
        gradients = newGradients();
        norms = new double[plan.shards().size()];
        Arrays.fill(norms, Double.NaN);
        protocol = new StepProtocol(plan.shards().size(), until(assign));
    }

    private GradientTree newGradients() {
        return new GradientTree(
                RankTree.blocks(assignment().lo(), assignment().hi(), plan.ranks()),
                plan.ranks(),
                network.parameterCount());
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
        return protocol.onValues(values.address().shard(), values.address().clock());
    }

    /** Under clipping by norm: when all shards have reduced, every worker derives the same factor. */
    @Override
    void onOther(ShardReply reply) {
        if (!(reply instanceof Reduced reduced)
                || reduced.address().clock() != protocol.clock()
                || protocol.phase() != StepProtocol.Phase.EXCHANGING) {
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

    @Override
    void proceed() {
        while (true) {
            if (protocol.advance()) {
                loadValues();
                Arrays.fill(norms, Double.NaN);
                report(protocol.clock());
                prefetch();
            }
            switch (protocol.phase()) {
                case COMPUTING -> {
                    if (!queue.hasAll(keys())) {
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
                    if (!protocol.missing().isEmpty()) {
                        return;
                    }
                }
            }
        }
    }

    private List<BatchKey> keys() {
        List<BatchKey> keys = new ArrayList<>();
        for (int rank = assignment().lo(); rank < assignment().hi(); rank++) {
            keys.add(key(protocol.clock(), rank));
        }
        return keys;
    }

    private void computeAndSend() {
        long clock = protocol.clock();
        gradients.compute(lane, rank -> batch(clock, rank), rank -> dropoutSeed(clock, rank));
        protocol.sent();
        for (int shard : protocol.missing()) {
            contributeAll(shard);
        }
    }

    private void contributeAll(int shard) {
        for (GradientTree.Sum sum : gradients.sums()) {
            contribute(shard, protocol.clock(), sum);
        }
    }

    @Override
    void sendAgain(int shard) {
        if (protocol.phase() == StepProtocol.Phase.EXCHANGING
                && protocol.missing().contains(shard)) {
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
                    contributeAll(shard);
                }
            }
            case COMPUTING -> prefetch();
            case STOPPED -> {}
        }
    }
}
