package dev.sampo.trainer.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class WorkerPoolTest {
    private final WorkerPool<String> portable = new WorkerPool<>(5, true, true);

    @Test
    void ranksAreDealtInContiguousSharesAndNoWorkerIsLeftWithoutReason() {
        portable.present(List.of("c", "a", "b"));
        for (String worker : List.of("c", "a", "b")) {
            assertThat(portable.described(worker, "Haswell", 1, "f")).isEmpty();
        }
        assertThat(portable.deal())
                .containsExactly(
                        new WorkerPool.Deal<>("a", 0, 1),
                        new WorkerPool.Deal<>("b", 1, 3),
                        new WorkerPool.Deal<>("c", 3, 5));
        portable.present(List.of("a"));
        assertThat(portable.dealt()).as("what was dealt stays so").hasSize(3);
        assertThat(portable.deal()).containsExactly(new WorkerPool.Deal<>("a", 0, 5));
        assertThat(portable.generation()).isEqualTo(2);
    }

    @Test
    void moreWorkersThanRanksLeaveSomeIdle() {
        WorkerPool<String> one = new WorkerPool<>(1, true, true);
        one.described("a", "Haswell", 1, "f");
        one.described("b", "Haswell", 1, "f");
        assertThat(one.deal()).containsExactly(new WorkerPool.Deal<>("a", 0, 1));
    }

    @Test
    void whoeverComputesOtherBitsIsRefusedWithTheReason() {
        assertThat(portable.described("threads", "Haswell", 4, "f"))
                .hasValueSatisfying(reason -> assertThat(reason).contains("4 BLAS threads"));
        assertThat(portable.described("native", "auto", 1, "f"))
                .hasValueSatisfying(reason -> assertThat(reason).contains("--numerics portable"));
        assertThat(portable.described("first", "Haswell", 1, "f")).isEmpty();
        assertThat(portable.described("same", "ZEN", 1, "f")).isEmpty();
        assertThat(portable.described("other", "Haswell", 1, "g"))
                .hasValueSatisfying(reason -> assertThat(reason).contains("the job began with haswell/f"));
        assertThat(portable.accepted()).containsExactly("first", "same");
        WorkerPool<String> anyNative = new WorkerPool<>(1, false, true);
        assertThat(anyNative.described("a", "SkylakeX", 1, "f")).isEmpty();
        assertThat(anyNative.described("b", "Haswell", 1, "f")).isPresent();
    }

    @Test
    void thoseWhoHaveNotAnsweredAreAskedAgain() {
        assertThat(portable.present(List.of("a", "b"))).containsExactly("a", "b");
        portable.described("a", "Haswell", 1, "f");
        assertThat(portable.present(List.of("a", "b"))).containsExactly("b");
    }
}
