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

    private static WorkerPool<String> poolOf(int ranks, String... workers) {
        WorkerPool<String> pool = new WorkerPool<>(ranks, true, true);
        change(pool, workers);
        return pool;
    }

    private static void change(WorkerPool<String> pool, String... workers) {
        pool.present(List.of(workers)).forEach(fresh -> pool.described(fresh, "Haswell", 1, "f"));
    }

    @Test
    void whoeverHasRanksKeepsThemWhenASurplusWorkerComesAndGoes() {
        WorkerPool<String> pool = poolOf(2, "m", "z");
        List<WorkerPool.Deal<String>> first = pool.deal();
        change(pool, "a", "m", "z");
        assertThat(pool.deal()).as("a sorts first, and is of no use").isEqualTo(first);
        change(pool, "m", "z");
        assertThat(pool.deal()).isEqualTo(first);
        assertThat(pool.generation()).as("nobody was told anything new").isEqualTo(1);
    }

    @Test
    void whoComesTakesThePlaceOfOneThatWentAndTheOthersKeepTheirs() {
        WorkerPool<String> pool = poolOf(6, "a", "b", "c");
        pool.deal();
        change(pool, "a", "c", "d");
        assertThat(pool.deal())
                .containsExactly(
                        new WorkerPool.Deal<>("a", 0, 2),
                        new WorkerPool.Deal<>("d", 2, 4),
                        new WorkerPool.Deal<>("c", 4, 6));
        change(pool, "0", "a", "c", "d");
        assertThat(pool.deal()).extracting(WorkerPool.Deal::worker).containsExactly("a", "d", "c", "0");
        change(pool, "0", "c");
        assertThat(pool.deal()).containsExactly(new WorkerPool.Deal<>("c", 0, 3), new WorkerPool.Deal<>("0", 3, 6));
        assertThat(pool.generation()).isEqualTo(4);
    }

    @Test
    void whatIsDealtAfterARecallIsNew() {
        WorkerPool<String> pool = poolOf(2, "a");
        pool.deal();
        pool.recall();
        assertThat(pool.dealt()).isEmpty();
        assertThat(pool.deal()).containsExactly(new WorkerPool.Deal<>("a", 0, 2));
        assertThat(pool.generation()).as("its runs were dropped").isEqualTo(2);
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
