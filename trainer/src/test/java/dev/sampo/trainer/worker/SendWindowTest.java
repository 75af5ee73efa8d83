package dev.sampo.trainer.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SendWindowTest {
    @Test
    void anAnswerMakesRoomForTheNextInOrder() {
        SendWindow window = new SendWindow(2);
        assertThat(window.offer(9)).isTrue();
        assertThat(window.offer(8)).isTrue();
        assertThat(window.offer(7)).isFalse();
        assertThat(window.offer(6)).isFalse();
        assertThat(window.answered(8)).isEqualTo(7);
        assertThat(window.isUnderWay(8)).isFalse();
        assertThat(window.isUnderWay(7)).isTrue();
        assertThat(window.answered(8)).as("said twice").isEqualTo(-1);
        assertThat(window.answered(9)).isEqualTo(6);
        assertThat(window.answered(7)).isEqualTo(-1);
    }

    /** Others may have covered this worker's ranks. */
    @Test
    void whatIsAnsweredBeforeItWasSentIsNotSent() {
        SendWindow window = new SendWindow(1);
        window.offer(2);
        window.offer(1);
        window.offer(0);
        assertThat(window.answered(1)).isEqualTo(-1);
        assertThat(window.answered(2)).isZero();
    }

    /** Two workers, each with its own window and shards ready in bursts: a shard answers when both have sent. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void workersWithTheSameOrderNeverWaitForEachOther(long seed) {
        Random random = new Random(seed);
        int shards = 40;
        List<SendWindow> windows = List.of(new SendWindow(3), new SendWindow(1 + random.nextInt(5)));
        List<List<Integer>> sent = List.of(new ArrayList<>(), new ArrayList<>());
        int[] ready = {shards, shards};
        int answered = 0;
        while (answered < shards) {
            for (int worker = 0; worker < 2; worker++) {
                if (ready[worker] > 0
                        && random.nextBoolean()
                        && windows.get(worker).offer(--ready[worker])) {
                    sent.get(worker).add(ready[worker]);
                }
            }
            for (int shard : List.copyOf(sent.get(0))) {
                if (sent.get(1).contains(shard)) {
                    answered++;
                    for (int worker = 0; worker < 2; worker++) {
                        sent.get(worker).remove((Integer) shard);
                        int next = windows.get(worker).answered(shard);
                        if (next >= 0) {
                            sent.get(worker).add(next);
                        }
                    }
                }
            }
            assertThat(sent.get(0)).hasSizeLessThanOrEqualTo(3);
        }
        assertThat(answered).isEqualTo(shards);
    }

    @Test
    void aWindowOfNothingIsRefused() {
        assertThatThrownBy(() -> new SendWindow(0)).hasMessageContaining("0 shards");
    }
}
