package dev.sampo.trainer.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SilenceTest {
    private final Silence silence = new Silence(0);

    @Test
    void patienceIsShortAFewTimesThenDoublesAndBeginsAnewWithNews() {
        List<Long> times = new ArrayList<>();
        long lastingFrom = 0;
        for (long now = 1; now <= 11_250; now++) {
            if (silence.isTooLong(now, false)) {
                times.add(now);
                lastingFrom = lastingFrom == 0 && silence.isLasting() ? now : lastingFrom;
            }
        }
        assertThat(times).containsExactly(750L, 1_500L, 2_250L, 3_750L, 6_750L, 9_750L);
        assertThat(lastingFrom).isEqualTo(2_250);
        silence.heard(20_000);
        assertThat(silence.isLasting()).isFalse();
        assertThat(silence.isTooLong(20_749, false)).isFalse();
        assertThat(silence.isTooLong(20_750, false)).isTrue();
        assertThat(silence.isLasting()).isFalse();
    }

    @Test
    void whoExpectsNothingHasTheMostPatience() {
        assertThat(silence.isTooLong(2_999, true)).isFalse();
        assertThat(silence.isTooLong(3_000, true)).isTrue();
    }

    /** A step of 50 M parameters takes a second; sent twice each time, it would cost twice the traffic. */
    @Test
    void timeOfComputingIsNoSilence() {
        silence.heard(1_000);
        silence.computed(5_000);
        assertThat(silence.isTooLong(5_001, false)).isFalse();
        assertThat(silence.isTooLong(5_749, false)).isFalse();
        assertThat(silence.isTooLong(5_750, false)).isTrue();
    }

    @Test
    void whatCameWhileItComputedMayBeUnread() {
        assertThat(silence.isUnread(0)).isFalse();
        silence.computed(5_000);
        assertThat(silence.isUnread(5_749)).isTrue();
        assertThat(silence.isUnread(5_750)).isFalse();
    }
}
