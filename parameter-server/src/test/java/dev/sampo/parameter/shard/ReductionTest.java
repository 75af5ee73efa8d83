package dev.sampo.parameter.shard;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sampo.parameter.compression.Compression;
import dev.sampo.parameter.shard.RankTree.Block;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Invariant I1 by seed: any partition of the ranks into blocks of the tree gives the bits of one rank at a time. */
class ReductionTest {
    private static final int LENGTH = 37;
    private static final int OFFSET = 3;

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    /** What one rank has to give. */
    private record Rank(float[] gradient, long rows, double weight, double loss) {}

    private static final Compression SHORT = new Compression(Compression.Method.BFLOAT16, 1);

    private static List<Rank> ranks(Random random, Compression compression) {
        List<Rank> ranks = new ArrayList<>();
        int count = 1 + random.nextInt(40);
        for (int rank = 0; rank < count; rank++) {
            float[] gradient = new float[LENGTH];
            for (int i = 0; i < LENGTH; i++) {
                // Magnitudes far apart: any other order of the sums rounds otherwise.
                gradient[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(9) - 4));
            }
            compression.round(gradient, 0, LENGTH);
            ranks.add(new Rank(gradient, random.nextInt(50), random.nextDouble() * 9, random.nextGaussian()));
        }
        return ranks;
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void anyPartitionGivesTheSameBits(long seed) {
        for (Compression compression : List.of(Compression.NONE, SHORT)) {
            anyPartitionGivesTheSameBits(new Random(seed), compression);
        }
    }

    private static void anyPartitionGivesTheSameBits(Random random, Compression compression) {
        List<Rank> ranks = ranks(random, compression);
        List<Block> singles = new ArrayList<>();
        for (int rank = 0; rank < ranks.size(); rank++) {
            singles.add(new Block(rank, rank + 1));
        }
        Reduction one = reduce(ranks, singles, compression);
        List<Block> cut = partition(0, RankTree.rootSize(ranks.size()), ranks.size(), random);
        Reduction other = reduce(ranks, cut, compression);
        assertEquals(totals(one), totals(other));
        // The whole, and a piece of it as a tile is.
        assertArrayEquals(sum(one, 0, LENGTH), sum(other, 0, LENGTH));
        assertArrayEquals(sum(one, 5, 20), sum(other, 5, 20));
        Rank expected = tree(ranks, 0, RankTree.rootSize(ranks.size()), compression);
        assertArrayEquals(expected.gradient, sum(other, 0, LENGTH));
        assertEquals(List.of(expected.rows, expected.weight, expected.loss), totals(other));
        // Exact in integers, whatever the tree.
        assertEquals(ranks.stream().mapToLong(Rank::rows).sum(), other.rows());
    }

    private static List<Number> totals(Reduction reduction) {
        reduction.addUp();
        return List.of(reduction.rows(), reduction.weight(), reduction.loss());
    }

    private static float[] sum(Reduction reduction, int from, int length) {
        float[] target = new float[length];
        reduction.sum(from, length, target);
        return target;
    }

    /** A random cut of the tree, shuffled; each block is a node by the tree's definition, not by the code under test. */
    private static List<Block> partition(int lo, int size, int ranks, Random random) {
        List<Block> blocks = new ArrayList<>();
        if (size == 1 || random.nextInt(3) == 0) {
            blocks.add(new Block(lo, Math.min(lo + size, ranks)));
        } else {
            blocks.addAll(partition(lo, size / 2, ranks, random));
            if (lo + size / 2 < ranks) {
                blocks.addAll(partition(lo + size / 2, size / 2, ranks, random));
            }
        }
        Collections.shuffle(blocks, random);
        return blocks;
    }

    private static Reduction reduce(List<Rank> ranks, List<Block> blocks, Compression compression) {
        Reduction reduction = new Reduction(ranks.size(), compression);
        for (Block block : blocks) {
            assertFalse(reduction.isComplete());
            assertTrue(reduction.take(part(ranks, block, compression)), () -> "not taken: " + block);
            assertFalse(reduction.take(part(ranks, block, compression)), () -> "taken twice: " + block);
        }
        assertTrue(reduction.isComplete());
        return reduction;
    }

    private static PartialSum part(List<Rank> ranks, Block block, Compression compression) {
        Rank sum = tree(ranks, block.lo(), RankTree.rootSize(block.hi() - block.lo()), compression);
        float[] array = new float[LENGTH + OFFSET];
        System.arraycopy(sum.gradient, 0, array, OFFSET, LENGTH);
        return new PartialSum.Plain(block, array, OFFSET, sum.rows, sum.weight, sum.loss);
    }

    /** The tree's definition. */
    private static Rank tree(List<Rank> ranks, int lo, int size, Compression compression) {
        if (size == 1) {
            return ranks.get(lo);
        }
        Rank left = tree(ranks, lo, size / 2, compression);
        if (lo + size / 2 >= ranks.size()) {
            return left;
        }
        Rank right = tree(ranks, lo + size / 2, size / 2, compression);
        float[] sum = left.gradient.clone();
        for (int i = 0; i < LENGTH; i++) {
            sum[i] += right.gradient[i];
        }
        compression.round(sum, 0, LENGTH);
        return new Rank(sum, left.rows + right.rows, left.weight + right.weight, left.loss + right.loss);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void aLargerBlockTakesOverSmallerOnes(long seed) {
        Random random = new Random(seed);
        List<Rank> ranks = ranks(random, SHORT);
        int root = RankTree.rootSize(ranks.size());
        List<Block> pieces = new ArrayList<>(partition(0, root, ranks.size(), random));
        Reduction reduction = new Reduction(ranks.size(), SHORT);
        // Some pieces, then a backup's root block over them.
        pieces.subList(pieces.size() / 2, pieces.size()).clear();
        pieces.forEach(block -> reduction.take(part(ranks, block, SHORT)));
        Block all = new Block(0, ranks.size());
        assertEquals(!pieces.contains(all), reduction.take(part(ranks, all, SHORT)));
        assertEquals(ranks.size(), reduction.covered());
        assertArrayEquals(tree(ranks, 0, root, SHORT).gradient, sum(reduction, 0, LENGTH));
        pieces.forEach(block -> assertFalse(reduction.take(part(ranks, block, SHORT))));
        reduction.clear();
        assertEquals(0, reduction.covered());
        assertTrue(reduction.take(part(ranks, all, SHORT)));
    }

    @Test
    void ranksThatAreNoBlockAreRefused() {
        int[] odd = {Integer.MIN_VALUE, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 1 << 30, Integer.MAX_VALUE};
        // The nodes of the tree over 7 ranks: four levels, cut off at the right.
        List<Block> nodes = List.of(
                new Block(0, 1),
                new Block(1, 2),
                new Block(2, 3),
                new Block(3, 4),
                new Block(4, 5),
                new Block(5, 6),
                new Block(6, 7),
                new Block(0, 2),
                new Block(2, 4),
                new Block(4, 6),
                new Block(0, 4),
                new Block(4, 7),
                new Block(0, 7));
        for (int lo : odd) {
            for (int hi : odd) {
                Block block = new Block(lo, hi);
                Reduction reduction = new Reduction(7, Compression.NONE);
                var part = new PartialSum.Plain(block, new float[1], 0, 1, 1, 1);
                if (nodes.contains(block)) {
                    assertTrue(reduction.take(part), block::toString);
                } else {
                    assertThrows(IllegalArgumentException.class, () -> reduction.take(part), block::toString);
                }
            }
        }
    }

    @Test
    void anyRangeOfRanksIsMadeOfFewBlocks() {
        for (int ranks = 1; ranks <= 33; ranks++) {
            for (int lo = 0; lo <= ranks; lo++) {
                for (int hi = lo; hi <= ranks; hi++) {
                    int at = lo;
                    List<Block> blocks = RankTree.blocks(lo, hi, ranks);
                    for (Block block : blocks) {
                        assertEquals(at, block.lo());
                        assertTrue(RankTree.isBlock(block.lo(), block.hi(), ranks));
                        at = block.hi();
                    }
                    assertEquals(hi, at);
                    assertTrue(blocks.size() <= 2 * (Integer.numberOfTrailingZeros(RankTree.rootSize(ranks)) + 1));
                }
            }
        }
    }

    @Test
    void sharesAreContiguousAndEqual() {
        for (int ranks : new int[] {1, 5, 64, 4096}) {
            for (int workers = 1; workers <= 9; workers++) {
                int at = 0;
                for (int worker = 0; worker < workers; worker++) {
                    Block share = RankTree.share(ranks, workers, worker);
                    assertEquals(at, share.lo());
                    int size = share.hi() - share.lo();
                    assertTrue(size == ranks / workers || size == ranks / workers + 1, "size " + size);
                    at = share.hi();
                }
                assertEquals(ranks, at);
            }
        }
    }
}
