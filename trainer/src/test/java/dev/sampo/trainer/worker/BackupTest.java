package dev.sampo.trainer.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.parameter.shard.RankTree;
import dev.sampo.parameter.shard.RankTree.Block;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BackupTest {
    private static List<Block> adopted(int ranks, Block own, Block... missing) {
        Backup backup = new Backup(ranks, own.lo(), own.hi());
        backup.onMissing(List.of(missing), 5);
        return backup.adopted();
    }

    @Test
    void theNextWorkerInTheRingIsTheSubstitute() {
        assertThat(adopted(8, new Block(4, 6), new Block(2, 4))).containsExactly(new Block(2, 4));
        assertThat(adopted(8, new Block(6, 8), new Block(2, 4))).isEmpty();
        assertThat(adopted(8, new Block(0, 2), new Block(6, 8))).containsExactly(new Block(6, 8));
        assertThat(adopted(8, new Block(2, 4), new Block(0, 2), new Block(6, 8)))
                .as("a run across the ring's end")
                .containsExactly(new Block(0, 2), new Block(6, 8));
    }

    @Test
    void eachLateRankHasExactlyOneSubstitute() {
        Random random = new Random(1);
        for (int i = 0; i < 2_000; i++) {
            int ranks = 2 + random.nextInt(30);
            int workers = 2 + random.nextInt(Math.min(6, ranks - 1));
            boolean[] late = new boolean[workers];
            int lateWorkers = 0;
            for (int w = 0; w < workers; w++) {
                late[w] = random.nextInt(3) == 0 && lateWorkers < workers - 1;
                lateWorkers += late[w] ? 1 : 0;
            }
            List<Block> missing = new ArrayList<>();
            for (int w = 0; w < workers; w++) {
                Block share = RankTree.share(ranks, workers, w);
                if (late[w]
                        && !missing.isEmpty()
                        && missing.get(missing.size() - 1).hi() == share.lo()) {
                    missing.add(new Block(missing.remove(missing.size() - 1).lo(), share.hi()));
                } else if (late[w]) {
                    missing.add(share);
                }
            }
            int[] substitutes = new int[ranks];
            for (int w = 0; w < workers; w++) {
                if (!late[w]) {
                    Block own = RankTree.share(ranks, workers, w);
                    for (Block block : adopted(ranks, own, missing.toArray(Block[]::new))) {
                        for (int rank = block.lo(); rank < block.hi(); rank++) {
                            substitutes[rank]++;
                        }
                    }
                }
            }
            for (Block block : missing) {
                for (int rank = block.lo(); rank < block.hi(); rank++) {
                    assertThat(substitutes[rank]).isEqualTo(1);
                }
            }
        }
    }

    @Test
    void aSubstituteLooksAgainWhetherItIsNeeded() {
        Backup backup = new Backup(4, 0, 2);
        List<Block> late = List.of(new Block(2, 4));
        assertThat(backup.onMissing(late, 100)).isTrue();
        assertThat(backup.onMissing(late, 100)).as("known already").isFalse();
        assertThat(backup.advancedTo(107)).isFalse();
        assertThat(backup.advancedTo(108)).isTrue();
        assertThat(backup.adopted()).isEmpty();
        assertThat(backup.onMissing(late, 108)).isTrue();
        assertThat(backup.advancedTo(123)).as("twice as long").isFalse();
        assertThat(backup.advancedTo(124)).isTrue();
    }

    @Test
    void anExchangeIsLateByTheMeasureOfThoseBefore() {
        Backup backup = new Backup(4, 0, 2);
        assertThat(backup.patienceMs()).isEqualTo(200);
        for (int i = 0; i < 100; i++) {
            backup.exchanged(1_000);
        }
        assertThat(backup.patienceMs()).isBetween(3_900L, 4_000L);
    }
}
