package dev.sampo.trainer.worker;

import dev.sampo.cluster.store.Store;
import dev.sampo.model.network.LossSum;
import dev.sampo.parameter.shard.RankTree.Block;
import dev.sampo.parameter.shard.ShardMessages.Pull;
import dev.sampo.parameter.shard.ShardMessages.ShardReply;
import dev.sampo.parameter.shard.ShardMessages.Values;
import dev.sampo.parameter.shard.ShardState;
import dev.sampo.parameter.shard.ShardState.Step;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * The run of a job with bounded or unbounded staleness: each rank goes on by itself, with the newest values of each shard
 * that this worker knows.
 */
final class StaleRun extends RankRun {
    private final StaleProtocol protocol;
    /** Each rank's gradient: a shard of this process may read it until it has answered. */
    private final Map<Integer, GradientTree> gradients = new TreeMap<>();

    private boolean finalPulled;

    StaleRun(TrainPlan plan, Worker.Assign assign, Peers peers, Store store) {
        super(plan, assign, peers, store);
        protocol = new StaleProtocol(plan.shards().size(), until(assign));
        deal();
    }

    private void deal() {
        protocol.deal(assignment().lo(), assignment().hi());
        gradients
                .keySet()
                .removeIf(
                        rank -> rank < assignment().lo() || rank >= assignment().hi());
        for (int rank = assignment().lo(); rank < assignment().hi(); rank++) {
            gradients.computeIfAbsent(
                    rank,
                    fresh -> new GradientTree(
                            List.of(new Block(fresh, fresh + 1)),
                            plan.ranks(),
                            network.parameterCount(),
                            plan.compression(),
                            null));
        }
    }

    @Override
    void join() {
        for (int rank : gradients.keySet()) {
            if (protocol.clock(rank) < 0) {
                protocol.missing(rank).forEach(shard -> pull(shard, Pull.NEWEST, rank));
            }
        }
    }

    @Override
    void dealt() {
        deal();
        join();
    }

    @Override
    void extend(long until) {
        if (until != protocol.until()) {
            protocol.extend(until);
            finalPulled = false;
        }
    }

    @Override
    boolean isStopped() {
        return protocol.isThrough() && protocol.unsettled().isEmpty();
    }

    @Override
    long clock(int rank) {
        return protocol.clock(rank);
    }

    @Override
    boolean onValues(Values values) {
        int shard = values.address().shard();
        long clock = values.address().clock();
        if (values.rank() == Step.ALL_RANKS) {
            protocol.onSettled(shard, clock);
        } else {
            protocol.onRank(shard, values.rank(), clock);
        }
        Values known = latest[shard];
        // Told apart from whether they are news: an old answer may still say that a rank may go on.
        if (known == null || values.version() >= known.version()) {
            latest[shard] = values;
        }
        proceed();
        return false;
    }

    @Override
    void onOther(ShardReply reply) {}

    @Override
    void proceed() {
        prefetch();
        for (int rank : protocol.ready()) {
            if (queue.get(key(protocol.clock(rank), rank)) != null) {
                compute(rank);
            }
        }
        if (isStopped()) {
            loadValues();
            report(protocol.until());
            evaluate(protocol.until());
        } else if (protocol.isThrough() && !finalPulled) {
            finalPulled = true;
            protocol.unsettled().forEach(shard -> pull(shard, protocol.until(), Step.ALL_RANKS));
        }
    }

    private void compute(int rank) {
        long clock = protocol.clock(rank);
        GradientTree gradient = Objects.requireNonNull(gradients.get(rank));
        loadValues();
        gradient.compute(
                lane, same -> batch(clock, rank), same -> dropoutSeed(clock, rank), GradientTree.Ready.IGNORED);
        GradientTree.Sum sum = gradient.sums().get(0);
        sum.basis = versions();
        clip(sum);
        // Not those that have it already, when it was found that they are apart.
        List<Integer> missing = protocol.missing(rank);
        protocol.sent(rank);
        missing.forEach(shard -> contribute(shard, clock, sum));
        computed();
        report(clock);
    }

    private long[] versions() {
        long[] versions = new long[latest.length];
        for (int shard = 0; shard < versions.length; shard++) {
            versions[shard] = Objects.requireNonNull(latest[shard]).version();
        }
        return versions;
    }

    /** Under clipping by norm: this worker has the whole of the rank's gradient, so no shard needs to know of others. */
    private void clip(GradientTree.Sum sum) {
        LossSum loss = sum.loss;
        if (plan.clipNorm() == null || !(loss.weight() > 0)) {
            return;
        }
        double squared = 0;
        for (float each : sum.gradient) {
            squared += (double) each * each;
        }
        float factor = ShardState.clipFactor(squared / (loss.weight() * loss.weight()), plan.clipNorm());
        if (factor < 1) {
            for (int i = 0; i < sum.gradient.length; i++) {
                sum.gradient[i] *= factor;
            }
            plan.compression().round(sum.gradient, 0, sum.gradient.length);
        }
    }

    @Override
    String waitsFor() {
        return gradients.keySet().stream()
                .map(rank -> "rank " + rank + ": clock " + protocol.clock(rank) + ", shards " + protocol.missing(rank)
                        + (protocol.isSent(rank) ? "" : " or its batch"))
                .toList()
                .toString();
    }

    @Override
    void sendAgain(int shard) {
        for (var each : gradients.entrySet()) {
            int rank = each.getKey();
            if (protocol.missing(rank).contains(shard)) {
                resend(shard, rank, each.getValue());
            }
        }
        if (protocol.isThrough() && protocol.unsettled().contains(shard)) {
            pull(shard, protocol.until(), Step.ALL_RANKS);
        }
    }

    private void resend(int shard, int rank, GradientTree gradient) {
        if (protocol.isSent(rank)) {
            contribute(shard, protocol.clock(rank), gradient.sums().get(0));
        } else if (protocol.clock(rank) < 0) {
            pull(shard, Pull.NEWEST, rank);
        }
    }

    @Override
    void sendAllAgain() {
        for (int shard = 0; shard < latest.length; shard++) {
            seek(shard);
            sendAgain(shard);
        }
        prefetch();
    }
}
