package dev.sampo.parameter.shard;

import dev.sampo.parameter.compression.Compression;
import dev.sampo.parameter.shard.RankTree.Block;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The contributions to one clock of one shard, summed along the {@link RankTree} once all ranks are covered. Holds the
 * contributors' arrays by reference and never writes to them. Not thread-safe; one shard owns it.
 */
final class Reduction {
    /** Elements summed at a time: the stack of partial sums stays in the first-level cache. */
    static final int TILE = 2048;

    private final int ranks;
    private final Compression compression;
    /** [ranks], by the first rank. */
    private final @Nullable PartialSum[] parts;

    private final float[][] stack;
    private int covered;
    // What the step is made of, summed along the same tree.
    private long rows;
    private double weight;
    private double loss;

    /** @param compression each sum of two is rounded as it says, here as at the workers */
    Reduction(int ranks, Compression compression) {
        this.ranks = ranks;
        this.compression = compression;
        parts = new PartialSum[ranks];
        int depth = Integer.numberOfTrailingZeros(RankTree.rootSize(ranks)) + 1;
        stack = new float[depth][TILE];
    }

    /**
     * Takes a partial sum unless its ranks are covered already (invariant I2). A larger block replaces the smaller ones
     * inside it, since by I1 it is their sum.
     *
     * @return whether it was taken
     */
    boolean take(PartialSum part) {
        Block block = part.block();
        if (!RankTree.isBlock(block.lo(), block.hi(), ranks)) {
            throw new IllegalArgumentException(
                    "ranks [" + block.lo() + ", " + block.hi() + ") are no block of the tree over " + ranks + " ranks");
        }
        // Blocks are nested or disjoint, so the next one that begins here or before is the only one that may cover it.
        for (int lo = block.lo(); lo >= 0; lo--) {
            PartialSum before = parts[lo];
            if (before != null) {
                if (before.block().covers(block)) {
                    return false;
                }
                break;
            }
        }
        for (int lo = block.lo(); lo < block.hi(); lo++) {
            PartialSum smaller = parts[lo];
            if (smaller != null) {
                covered -= smaller.block().hi() - smaller.block().lo();
                parts[lo] = null;
            }
        }
        parts[block.lo()] = part;
        covered += block.hi() - block.lo();
        return true;
    }

    boolean isComplete() {
        return covered == ranks;
    }

    /** The ranks that are not covered, as ascending ranges that don't touch. */
    List<Block> missing() {
        List<Block> missing = new ArrayList<>();
        int at = 0;
        for (PartialSum part : parts) {
            if (part == null) {
                continue;
            }
            if (part.block().lo() > at) {
                missing.add(new Block(at, part.block().lo()));
            }
            at = part.block().hi();
        }
        if (at < ranks) {
            missing.add(new Block(at, ranks));
        }
        return missing;
    }

    int covered() {
        return covered;
    }

    /** Sums {@link #rows}, {@link #weight} and {@link #loss} over all ranks; only when complete. */
    void addUp() {
        addUp(0, RankTree.rootSize(ranks));
    }

    /** Of the step, once {@link #addUp} was called. */
    long rows() {
        return rows;
    }

    /** As {@link #rows}. */
    double weight() {
        return weight;
    }

    /** As {@link #rows}. */
    double loss() {
        return loss;
    }

    /** Leaves a node's totals in the fields. */
    private void addUp(int lo, int size) {
        PartialSum part = parts[lo];
        if (part != null && part.block().hi() >= Math.min(lo + size, ranks)) {
            rows = part.rows();
            weight = part.weight();
            loss = part.loss();
            return;
        }
        int half = size / 2;
        addUp(lo, half);
        if (lo + half >= ranks) {
            return;
        }
        long leftRows = rows;
        double leftWeight = weight;
        double leftLoss = loss;
        addUp(lo + half, half);
        rows = leftRows + rows;
        weight = leftWeight + weight;
        loss = leftLoss + loss;
    }

    /** Writes the sum over all ranks of elements [from, from + length), length at most {@link #TILE}, to {@code target}. */
    void sum(int from, int length, float[] target) {
        sum(0, RankTree.rootSize(ranks), from, length, 0, target);
    }

    private void sum(int lo, int size, int from, int length, int depth, float[] target) {
        PartialSum part = parts[lo];
        if (part != null && part.block().hi() >= Math.min(lo + size, ranks)) {
            System.arraycopy(part.gradient(), part.offset() + from, target, 0, length);
            return;
        }
        int half = size / 2;
        sum(lo, half, from, length, depth, target);
        if (lo + half >= ranks) {
            return;
        }
        float[] right = stack[depth];
        sum(lo + half, half, from, length, depth + 1, right);
        for (int i = 0; i < length; i++) {
            target[i] += right[i];
        }
        compression.round(target, 0, length);
    }

    void clear() {
        Arrays.fill(parts, null);
        covered = 0;
    }
}
