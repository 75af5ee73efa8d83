package dev.sampo.trainer.worker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SilenceTest {
    private final Silence silence = new Silence(0, 0);

    @Test
    void patienceDoublesUpToItsMostAndBeginsAnewWithNews() {
        assertThat(silence.isTooLong(749, false)).isFalse();
        assertThat(silence.isTooLong(750, false)).isTrue();
        assertThat(silence.isLasting()).isFalse();
        assertThat(silence.isTooLong(2_249, false)).isFalse();
        assertThat(silence.isTooLong(2_250, false)).isTrue();
        assertThat(silence.isLasting()).isTrue();
        assertThat(silence.isTooLong(5_249, false)).isFalse();
        assertThat(silence.isTooLong(5_250, false)).isTrue();
        silence.heard(6_000);
        assertThat(silence.isLasting()).isFalse();
        assertThat(silence.isTooLong(6_749, false)).isFalse();
        assertThat(silence.isTooLong(6_750, false)).isTrue();
    }

    @Test
    void whoExpectsNothingHasTheMostPatience() {
        assertThat(silence.isTooLong(2_999, true)).isFalse();
        assertThat(silence.isTooLong(3_000, true)).isTrue();
    }

    /** 200 MB of values: a checkpoint of them and an optimizer's moments keeps a shard from answering. */
    @Test
    void aLargeModelsShardsMayBeWriting() {
        Silence large = new Silence(0, 50_000_000);
        assertThat(large.isTooLong(2_749, false)).isFalse();
        assertThat(large.isTooLong(2_750, false)).isTrue();
        assertThat(large.isTooLong(6_249, false)).isFalse();
        assertThat(large.isTooLong(6_250, false)).isTrue();
        assertThat(large.isTooLong(11_249, true)).isFalse();
        assertThat(large.isTooLong(11_250, true)).isTrue();
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
