package dev.sampo.trainer.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sampo.parameter.shard.Checkpoints.Manifest;
import dev.sampo.parameter.shard.ShardState;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What counts as a finished epoch, and which one is kept. */
class EpochsTest {
    private static BestEpoch after(String metric, int patience, double minDelta, double... values) {
        BestEpoch best = new BestEpoch(metric, patience, minDelta);
        for (int i = 0; i < values.length; i++) {
            best.add(i, Map.of(String.valueOf(metric), values[i]));
        }
        return best;
    }

    @Test
    void theBestEpochIsKeptAndPatienceEndsTheJob() {
        assertThat(after("loss", 2, 0, 3, 1, 2).best()).isEqualTo(1);
        assertThat(after("loss", 2, 0, 3, 1, 2).shouldStop()).isFalse();
        assertThat(after("loss", 2, 0, 3, 1, 2, 1).shouldStop()).isTrue();
        assertThat(after("accuracy", 2, 0, 0.5, 0.9, 0.8).best()).isEqualTo(1);
        assertThat(after("accuracy", 1, 0.05, 0.5, 0.52).best())
                .as("too small a gain")
                .isZero();
        assertThat(after("accuracy", 1, 0.05, 0.5, 0.52).shouldStop()).isTrue();
        assertThat(after(null, 0, 0, 1, 2, 3).best())
                .as("without a metric the last")
                .isEqualTo(2);
        assertThat(after(null, 0, 0, 1, 2, 3).shouldStop()).isFalse();
        assertThatThrownBy(() -> new BestEpoch("auc", 1, 0).add(0, Map.of("loss", 1.0)))
                .hasMessageContaining("training.earlyStopping.metric: \"auc\" is not measured; there are loss");
    }

    private static EpochLedger.Saved saved(int shard, long rows) {
        return new EpochLedger.Saved(
                new Manifest.Entry(shard, "shard-" + shard, "sha"), new ShardState.Ledger(rows, 1, 2, 3, 4, 0, 0));
    }

    @Test
    void anEpochIsDoneWhenAllRanksAndAllShardsAre() {
        EpochLedger ledger = new EpochLedger(5, 2);
        ledger.ranksFinished(0, 3);
        ledger.ranksFinished(1, 4);
        assertThat(ledger.allRanksFinished()).isFalse();
        ledger.ranksFinished(4, 5);
        assertThat(ledger.allRanksFinished()).isTrue();
        ledger.forgetRanks();
        assertThat(ledger.allRanksFinished()).isFalse();

        assertThat(ledger.saved(10, saved(1, 50))).isEmpty();
        assertThat(ledger.saved(10, saved(1, 50))).as("repeated").isEmpty();
        assertThat(ledger.isSaved(10)).isFalse();
        assertThat(ledger.saved(10, saved(0, 50))).hasValueSatisfying(manifest -> {
            assertThat(manifest.clock()).isEqualTo(10);
            assertThat(manifest.entries()).extracting(Manifest.Entry::shard).isEqualTo(List.of(0, 1));
        });
        assertThat(ledger.saved(10, saved(0, 50)))
                .as("the manifest is made once")
                .isEmpty();
        assertThat(ledger.agreed(10, true).rowsApplied()).isEqualTo(50);
    }

    @Test
    void shardsThatDisagreeAreNotBelieved() {
        EpochLedger ledger = new EpochLedger(1, 2);
        ledger.saved(10, saved(0, 50));
        ledger.saved(10, saved(1, 49));
        assertThat(ledger.agreed(10, true)).isNull();
    }

    @Test
    void afterARecoveryWhatCameLaterIsForgotten() {
        EpochLedger ledger = new EpochLedger(1, 2);
        for (long clock : new long[] {10, 20}) {
            ledger.saved(clock, saved(0, 50));
            ledger.saved(clock, saved(1, 50));
        }
        ledger.saved(15, saved(0, 50));
        ledger.rollBack(10);
        assertThat(ledger.isSaved(10)).isTrue();
        assertThat(ledger.isSaved(20)).isFalse();
        assertThat(ledger.saved(20, saved(0, 50))).isEmpty();
        assertThat(ledger.saved(20, saved(1, 50))).isPresent();
    }
}
