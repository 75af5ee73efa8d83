package dev.sampo.trainer.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class TimedCheckpointsTest {
    private final TimedCheckpoints timed = new TimedCheckpoints(60_000, 0);

    @Test
    void oneIsAskedForWhenTheTimeHasCome() {
        assertThat(timed.due(59_999, 100, 1000)).isEmpty();
        assertThat(timed.due(60_000, 100, 1000)).isEqualTo(OptionalLong.of(104));
        assertThat(timed.due(61_000, 101, 1000)).as("while one is under way").isEmpty();
        timed.saved(104, 62_000);
        assertThat(timed.due(121_999, 200, 1000)).isEmpty();
        assertThat(timed.due(122_000, 200, 1000)).hasValue(204);
    }

    @Test
    void theEpochsOwnCheckpointServesAsWell() {
        assertThat(timed.due(60_000, 997, 1000)).as("the epoch ends first").isEmpty();
        timed.saved(1000, 61_000);
        assertThat(timed.due(100_000, 1100, 2000)).isEmpty();
    }

    @Test
    void aShardThatWasPastMakesTheNextTryLookFurtherAhead() {
        assertThat(timed.due(60_000, 100, 10_000)).hasValue(104);
        timed.passed(104, 150);
        assertThat(timed.due(60_500, 151, 10_000)).hasValue(151 + 92);
        timed.passed(104, 900);
        assertThat(timed.due(60_600, 152, 10_000))
                .as("an old answer changes nothing")
                .isEmpty();
        timed.rolledBack();
        assertThat(timed.due(60_700, 10, 10_000)).hasValue(10 + 92);
    }

    @Test
    void withoutATimeThereIsNone() {
        assertThat(new TimedCheckpoints(0, 0).due(Long.MAX_VALUE, 0, 100)).isEmpty();
    }
}
