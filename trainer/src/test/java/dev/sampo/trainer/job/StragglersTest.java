package dev.sampo.trainer.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class StragglersTest {
    private static final List<String> WORKERS = List.of("a", "b", "c");
    private final Stragglers<String> stragglers = new Stragglers<>();

    private Set<String> suspects(long nowMs) {
        return stragglers.look(WORKERS, nowMs).suspects();
    }

    private boolean asks(long nowMs) {
        return stragglers.look(WORKERS, nowMs).ask();
    }

    private void trainUntil(long nowMs, long stepMs) {
        stragglers.answered("somebody who was not asked");
        stragglers.begin(0);
        for (long at = stepMs; at <= nowMs; at += stepMs) {
            stragglers.advanced(1, at);
        }
    }

    /** Asking and dealing again are no progress; a slow step is no standstill. */
    @Test
    void whereNothingHelpsTrainingIsStuck() {
        stragglers.begin(0);
        assertThat(stragglers.isStuck(1_000_000)).as("before the first step").isFalse();
        trainUntil(1000, 10);
        for (long at = 1500; at < 16_000; at += 500) {
            stragglers.look(WORKERS, at);
            assertThat(stragglers.isStuck(at)).isFalse();
        }
        assertThat(stragglers.isStuck(16_001)).isTrue();
        stragglers.begin(16_001);
        assertThat(stragglers.isStuck(30_000)).isFalse();
        stragglers.advanced(1, 60_000);
        assertThat(stragglers.isStuck(360_000)).as("steps of 9 s on average").isFalse();
    }

    @Test
    void whoeverDoesNotAnswerWhileNothingGoesOnIsSuspected() {
        trainUntil(1000, 10);
        assertThat(asks(1900)).isFalse();
        assertThat(asks(2000)).isTrue();
        stragglers.answered("a");
        stragglers.answered("c");
        assertThat(suspects(2900)).isEmpty();
        assertThat(suspects(3000)).containsExactly("b");
        assertThat(asks(3900)).as("the others have time to go on").isFalse();
    }

    @Test
    void nobodyIsSuspectedWhenStepsComeAgain() {
        trainUntil(1000, 10);
        assertThat(asks(2000)).isTrue();
        stragglers.advanced(1, 2100);
        assertThat(suspects(3000)).isEmpty();
        assertThat(suspects(3099)).isEmpty();
        assertThat(asks(3100)).isTrue();
    }

    @Test
    void allOfThemAreNotSuspectedForNobodyWouldBeLeft() {
        trainUntil(1000, 10);
        assertThat(asks(2000)).isTrue();
        assertThat(suspects(3000)).isEmpty();
        assertThat(asks(4000)).as("asked again").isTrue();
    }

    @Test
    void longStepsAndTheFirstOneAreWaitedFor() {
        stragglers.begin(0);
        assertThat(asks(9_999)).isFalse();
        assertThat(asks(10_000)).isTrue();
        trainUntil(60_000, 2_000);
        assertThat(asks(67_000)).isFalse();
        assertThat(asks(68_000)).isTrue();
    }
}
