package dev.sampo.parameter.shard;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sampo.cluster.JobId;
import dev.sampo.parameter.compression.Compression;
import dev.sampo.parameter.optimizer.OptimizerSpec;
import dev.sampo.parameter.shard.RankTree.Block;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ShardStateTest {
    private static final int LENGTH = 5000;

    static List<Long> seeds() {
        return java.util.stream.LongStream.range(0, 40).boxed().toList();
    }

    /** Ranks split among any workers, sent in any order and repeatedly: the values are the same bits. */
    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void theSplitAmongWorkersDoesNotChangeABit(long seed) throws Exception {
        Random random = new Random(seed);
        int ranks = 1 + random.nextInt(13);
        float[][] gradients = new float[ranks][LENGTH];
        for (float[] each : gradients) {
            for (int i = 0; i < LENGTH; i++) {
                each[i] = random.nextFloat() - 0.5f;
            }
        }
        float[] expected = step(ranks, gradients, List.of(new Block(0, ranks)), random);
        for (int workers = 1; workers <= ranks; workers++) {
            List<Block> blocks = new ArrayList<>();
            for (int w = 0; w < workers; w++) {
                Block share = RankTree.share(ranks, workers, w);
                blocks.addAll(RankTree.blocks(share.lo(), share.hi(), ranks));
            }
            // A backup's finer or coarser copies of some ranks.
            blocks.add(new Block(0, 1));
            Collections.shuffle(blocks, random);
            assertArrayEquals(expected, step(ranks, gradients, blocks, random), "workers " + workers);
        }
    }

    private static float[] step(int ranks, float[][] gradients, List<Block> blocks, Random random) throws Exception {
        ShardState shard = new ShardState(plan(ranks), ShardSnapshot.initial(0, new float[LENGTH]));
        for (Block block : blocks) {
            if (shard.isComplete()) {
                break;
            }
            float[] sum = sum(gradients, block.lo(), RankTree.rootSize(block.hi() - block.lo()), ranks);
            shard.contribute(0, new PartialSum.Plain(block, sum, 0, 1, block.hi() - block.lo(), 0.5), 0);
            if (random.nextBoolean() && !shard.isComplete()) {
                assertEquals(
                        ShardState.Taken.REPEATED,
                        shard.contribute(0, new PartialSum.Plain(block, sum, 0, 1, 1, 0.5), 0));
            }
        }
        shard.apply(1f, null);
        assertEquals(1, shard.clock());
        return shard.values();
    }

    /** The tree's definition, written apart from the code under test. */
    private static float[] sum(float[][] gradients, int lo, int size, int ranks) {
        if (size == 1) {
            return gradients[lo].clone();
        }
        float[] left = sum(gradients, lo, size / 2, ranks);
        if (lo + size / 2 < ranks) {
            float[] right = sum(gradients, lo + size / 2, size / 2, ranks);
            for (int i = 0; i < left.length; i++) {
                left[i] += right[i];
            }
        }
        return left;
    }

    private static ShardPlan plan(int ranks) {
        return new ShardPlan(
                new JobId("job-1"),
                0,
                0,
                LENGTH,
                List.of(new ShardPlan.Range(10, LENGTH)),
                ranks,
                10,
                100,
                OptimizerSpec.of("adam"),
                null,
                null,
                null,
                null,
                0,
                0,
                Consistency.SYNCHRONOUS,
                Compression.NONE);
    }

    @Test
    void aContributionToAPastClockChangesNothing() throws Exception {
        ShardState shard = new ShardState(plan(1), ShardSnapshot.initial(0, new float[LENGTH]));
        float[] gradient = new float[LENGTH];
        java.util.Arrays.fill(gradient, 1f);
        assertEquals(
                ShardState.Taken.COMPLETE,
                shard.contribute(0, new PartialSum.Plain(new Block(0, 1), gradient, 0, 3, 3, 1), 0));
        shard.apply(1f, null);
        float[] after = shard.values().clone();
        assertEquals(
                ShardState.Taken.REPEATED,
                shard.contribute(0, new PartialSum.Plain(new Block(0, 1), gradient, 0, 3, 3, 1), 0));
        assertEquals(
                ShardState.Taken.AHEAD,
                shard.contribute(2, new PartialSum.Plain(new Block(0, 1), gradient, 0, 3, 3, 1), 0));
        assertArrayEquals(after, shard.values());
        assertEquals(3, shard.ledger().rowsApplied());
    }

    @Test
    void aNumberThatIsNotFiniteIsRefused() {
        ShardState shard = new ShardState(plan(1), ShardSnapshot.initial(0, new float[LENGTH]));
        float[] gradient = new float[LENGTH];
        gradient[4321] = Float.NaN;
        shard.contribute(0, new PartialSum.Plain(new Block(0, 1), gradient, 0, 1, 1, 1), 0);
        assertThrows(ShardState.DivergedException.class, () -> shard.apply(1f, null));
    }

    @Test
    void aSnapshotReadsBackAndADamagedOneIsRefused() throws Exception {
        ShardState shard = new ShardState(plan(1), ShardSnapshot.initial(0, new float[LENGTH]));
        float[] gradient = new float[LENGTH];
        gradient[7] = 1;
        shard.contribute(0, new PartialSum.Plain(new Block(0, 1), gradient, 0, 2, 2, 1), 0);
        shard.apply(1f, null);
        byte[] bytes = shard.snapshot().toBytes();
        ShardSnapshot read = ShardSnapshot.fromBytes(bytes);
        assertArrayEquals(shard.values(), read.values());
        assertEquals(shard.ledger(), read.ledger());
        for (int at : new int[] {0, 9, 30, 100, bytes.length - 1}) {
            byte[] damaged = bytes.clone();
            damaged[at] ^= 1;
            assertThrows(IllegalArgumentException.class, () -> ShardSnapshot.fromBytes(damaged), "byte " + at);
        }
    }
}
