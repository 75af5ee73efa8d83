package dev.sampo.trainer.worker;

import dev.sampo.model.data.Selection;
import dev.sampo.model.network.LossSum;
import dev.sampo.model.network.Network;
import dev.sampo.parameter.compression.Compression;
import dev.sampo.parameter.compression.Residuals;
import dev.sampo.parameter.shard.RankTree;
import dev.sampo.parameter.shard.RankTree.Block;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.IntToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Computes the partial gradient sums of blocks of ranks along the {@link RankTree}, the same bits wherever a block is
 * computed (invariant I1). Owns its arrays: one for each block, one for each level below. Not thread-safe.
 */
final class GradientTree {
    private final int ranks;
    private final Compression compression;
    private final @Nullable Residuals residuals;
    private final List<Sum> sums = new ArrayList<>();
    private final float[][] stack;

    /** A block's sum. {@code gradient} is [parameters] and is written again by the next {@link #compute}. */
    static final class Sum implements Network.Ready {
        final Block block;
        final float[] gradient;
        LossSum loss = new LossSum(0, 0, 0);
        /** Of each shard, the version of the values it was computed on; null where steps are synchronous. */
        long @Nullable [] basis;

        private Ready listener = Ready.IGNORED;

        Sum(Block block, float[] gradient) {
            this.block = block;
            this.gradient = gradient;
        }

        @Override
        public void ready(LossSum ofRows, int from, int to) {
            loss = ofRows;
            listener.ready(this, from, to);
        }
    }

    /** @param residuals of the blocks' ranks; null unless the compression keeps them */
    GradientTree(
            List<Block> blocks, int ranks, int parameters, Compression compression, @Nullable Residuals residuals) {
        this.ranks = ranks;
        this.compression = compression;
        this.residuals = residuals;
        int widest = 1;
        for (Block block : blocks) {
            sums.add(new Sum(block, new float[parameters]));
            widest = Math.max(widest, block.hi() - block.lo());
        }
        stack = new float[Integer.numberOfTrailingZeros(RankTree.rootSize(widest))][parameters];
    }

    List<Sum> sums() {
        return sums;
    }

    /** Hears what of a block's sum is final, while the rest is computed. */
    @FunctionalInterface
    interface Ready {
        /** For who needs no part before the rest. */
        Ready IGNORED = (sum, from, to) -> {};

        /** Elements [from, to) of {@code sum.gradient} are final, and {@code sum.loss}. */
        void ready(Sum sum, int from, int to);
    }

    /**
     * Computes every block from the batches of its ranks.
     *
     * @param batches the batch of a rank
     * @param dropoutSeed the seed of a rank at this step
     */
    void compute(Network.Lane lane, IntFunction<Selection> batches, IntToLongFunction dropoutSeed, Ready ready) {
        // By index and with a listener that is kept: nothing is left on the heap for a step.
        for (int i = 0; i < sums.size(); i++) {
            Sum sum = sums.get(i);
            sum.listener = ready;
            int size = RankTree.rootSize(sum.block.hi() - sum.block.lo());
            node(lane, sum.block.lo(), size, 0, sum.gradient, batches, dropoutSeed, sum);
        }
    }

    private LossSum node(
            Network.Lane lane,
            int lo,
            int size,
            int depth,
            float[] target,
            IntFunction<Selection> batches,
            IntToLongFunction dropoutSeed,
            Network.Ready ready) {
        if (size == 1) {
            return lane.gradient(batches.apply(lo), dropoutSeed.applyAsLong(lo), target, compressed(lo, target, ready));
        }
        int half = size / 2;
        if (lo + half >= ranks) {
            return node(lane, lo, half, depth, target, batches, dropoutSeed, ready);
        }
        LossSum left = node(lane, lo, half, depth, target, batches, dropoutSeed, Network.Ready.IGNORED);
        float[] other = stack[depth];
        LossSum right = node(lane, lo + half, half, depth + 1, other, batches, dropoutSeed, (loss, from, to) -> {
            for (int i = from; i < to; i++) {
                target[i] += other[i];
            }
            compression.round(target, from, to);
            ready.ready(left.plus(loss), from, to);
        });
        return left.plus(right);
    }

    /** A rank's gradient loses what the compression takes, a layer at a time. */
    private Network.Ready compressed(int rank, float[] gradient, Network.Ready ready) {
        if (compression.equals(Compression.NONE)) {
            return ready;
        }
        return (loss, from, to) -> {
            if (residuals != null) {
                residuals.select(rank, gradient, from, to);
            }
            compression.round(gradient, from, to);
            ready.ready(loss, from, to);
        };
    }
}
