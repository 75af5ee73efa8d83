package dev.sampo.parameter.shard;

import java.util.ArrayList;
import java.util.List;

/**
 * The fixed binary tree over ranks along which gradients are summed (invariant I1). A node of size 2^k at {@code lo}
 * covers ranks [lo, min(lo + 2^k, ranks)); its sum is left + right, or left alone where no rank is on the right. Blocks
 * of the tree are nested or disjoint, never crossing, so any cover of all ranks by blocks gives the same bits.
 */
public final class RankTree {
    private RankTree() {}

    /** Ranks [lo, hi), a node of the tree. */
    public record Block(int lo, int hi) {
        public boolean covers(Block other) {
            return lo <= other.lo && other.hi <= hi;
        }
    }

    /** The size of the root: the smallest power of two that is not less than {@code ranks}. */
    public static int rootSize(int ranks) {
        return ranks <= 1 ? 1 : Integer.highestOneBit(ranks - 1) << 1;
    }

    /** The fewest tree nodes that make up ranks [lo, hi), ascending; at most two for each level of the tree. */
    public static List<Block> blocks(int lo, int hi, int ranks) {
        if (lo < 0 || hi > ranks || lo > hi) {
            throw new IllegalArgumentException("ranks [" + lo + ", " + hi + ") are not within [0, " + ranks + ")");
        }
        List<Block> blocks = new ArrayList<>();
        int at = lo;
        while (at < hi) {
            int size = at == 0 ? rootSize(ranks) : Integer.lowestOneBit(at);
            while (Math.min(at + size, ranks) > hi) {
                size >>= 1;
            }
            int end = Math.min(at + size, ranks);
            blocks.add(new Block(at, end));
            at = end;
        }
        return blocks;
    }

    /** Whether [lo, hi) is a node of the tree over {@code ranks}. */
    public static boolean isBlock(int lo, int hi, int ranks) {
        if (lo < 0 || lo >= hi || hi > ranks) {
            return false;
        }
        int widest = lo == 0 ? rootSize(ranks) : Integer.lowestOneBit(lo);
        int size = hi - lo;
        return hi == ranks ? size <= widest : Integer.bitCount(size) == 1 && size <= widest;
    }

    /** The ranks [lo, hi) of worker {@code index} of {@code workers}: contiguous and as equal as can be. */
    public static Block share(int ranks, int workers, int index) {
        return new Block((int) ((long) ranks * index / workers), (int) ((long) ranks * (index + 1) / workers));
    }
}
