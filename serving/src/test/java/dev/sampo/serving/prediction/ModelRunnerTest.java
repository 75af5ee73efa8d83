package dev.sampo.serving.prediction;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.serving.MemoryModels;
import dev.sampo.serving.Samples;
import dev.sampo.serving.Settings;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ModelRunnerTest {
    private final MemoryModels models = new MemoryModels();
    /** What was given to the compute threads; a test runs it when it likes. */
    private final Deque<Runnable> handed = new ArrayDeque<>();

    private final ServingLoad.Counts load = new ServingLoad.Counts();
    private final List<PredictReply> replies = new ArrayList<>();

    private ModelRunner runner(long rowWork, String settings) throws Exception {
        models.rowWork = rowWork;
        return new ModelRunner(
                models.with(Samples.house()).load(Samples.house().key()),
                Settings.settings(settings),
                handed::add,
                load);
    }

    private List<Float> values() {
        return replies.stream().map(reply -> ((Predicted) reply).values()[0]).toList();
    }

    @Test
    void computesSmallWorkOnTheCallersThread() throws Exception {
        ModelRunner runner = runner(10, "");

        assertThat(runner.submitHere(Samples.rooms(7), replies::add)).isTrue();

        assertThat(values()).containsExactly(7f);
        assertThat(handed).isEmpty();
        assertThat(runner.wasUsedHere()).isTrue();
        assertThat(runner.wasUsedHere()).isFalse();
        assertThat(load.requests()).isOne();
        assertThat(load.rows()).isOne();
        assertThat(load.refused()).isZero();
        assertThat(load.seconds()).isPositive();
    }

    @Test
    void givesLargeWorkToTheComputeThreadsWhereWaitingRequestsJoin() throws Exception {
        ModelRunner runner = runner(ModelRunner.INLINE_WORK_MAX / 2, "");

        runner.submitHere(Samples.rooms(1, 2, 3), replies::add);
        runner.submitHere(Samples.rooms(4), replies::add);
        runner.submit(Samples.rooms(5), replies::add);
        assertThat(replies).isEmpty();
        assertThat(handed).hasSize(1);
        handed.remove().run();

        assertThat(values()).containsExactly(1f, 4f, 5f);
        assertThat(models.passes).hasValue(1);
    }

    /** Who computes for itself is not kept by the others that come meanwhile. */
    @Test
    void handsOverWhatCameDuringAPassOnTheCallersThread() throws Exception {
        ModelRunner runner = runner(10, "");
        models.gate = new CountDownLatch(1);
        ExecutorService caller = Executors.newSingleThreadExecutor();
        try {
            Future<?> first = caller.submit(() -> runner.submitHere(Samples.rooms(1), replies::add));
            while (models.waiting.get() == 0) {
                Thread.onSpinWait();
            }
            List<PredictReply> second = new ArrayList<>();
            runner.submitHere(Samples.rooms(2), second::add);
            models.gate.countDown();
            first.get(5, TimeUnit.SECONDS);

            assertThat(values()).containsExactly(1f);
            assertThat(second).isEmpty();
            handed.remove().run();
            assertThat(((Predicted) second.get(0)).values()).containsExactly(2f);
        } finally {
            models.gate.countDown();
            caller.shutdownNow();
        }
    }

    @Test
    void refusesMoreThanItsQueueHolds() throws Exception {
        ModelRunner runner = runner(Long.MAX_VALUE / 100, "sampo.serving.queue-rows-max = 2");
        runner.submitHere(Samples.rooms(1, 2), replies::add);

        assertThat(runner.submitHere(Samples.rooms(3), replies::add)).isTrue();

        assertThat(((Refused) replies.get(0)).kind()).isEqualTo(Refused.Kind.BUSY);
        assertThat(((Refused) replies.get(0)).reason()).contains("2 rows wait", "sampo.serving.queue-rows-max");
        assertThat(load.refused()).isOne();
        assertThat(load.requests()).as("the first one has no reply yet").isOne();
    }

    @Test
    void answersWhatWaitsBeforeItFreesTheModelAndTakesNothingMore() throws Exception {
        ModelRunner runner = runner(Long.MAX_VALUE / 100, "");
        runner.submit(Samples.rooms(1), replies::add);

        runner.close();
        assertThat(models.loaded).hasSize(1);
        assertThat(runner.submit(Samples.rooms(2), replies::add)).isFalse();
        assertThat(runner.submitHere(Samples.rooms(2), replies::add)).isFalse();
        handed.remove().run();

        assertThat(values()).containsExactly(1f);
        assertThat(models.loaded).isEmpty();
    }

    @Test
    void freesAnIdleModelAtOnce() throws Exception {
        runner(1, "").close();
        assertThat(models.loaded).isEmpty();
    }

    @Test
    void tellsOfAnErrorAndGoesOn() throws Exception {
        ModelRunner runner = runner(1, "");
        models.error = new OutOfMemoryError("no room");
        runner.submitHere(Samples.rooms(1), replies::add);
        models.error = null;
        runner.submitHere(Samples.rooms(2), replies::add);

        assertThat(((Refused) replies.get(0)).kind()).isEqualTo(Refused.Kind.FAILED);
        assertThat(((Refused) replies.get(0)).reason()).contains("no room");
        assertThat(((Predicted) replies.get(1)).values()).containsExactly(2f);
    }

    /** Each of many threads gets the answer to its own rows, and the model is never in two passes at once. */
    @Test
    void answersEveryOneOfManyThreads() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(8);
        models.rowWork = 10;
        ModelRunner runner = new ModelRunner(
                models.with(Samples.house()).load(Samples.house().key()), Settings.settings(""), pool, load);
        ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
        CountDownLatch answered = new CountDownLatch(8 * 2000);
        for (int thread = 0; thread < 8; thread++) {
            int base = thread * 2000;
            pool.execute(() -> {
                for (int i = 0; i < 2000; i++) {
                    float asked = base + i;
                    runner.submitHere(Samples.rooms(asked), reply -> {
                        if (!(reply instanceof Predicted p) || p.values()[0] != asked) {
                            wrong.add(asked + " got " + reply);
                        }
                        answered.countDown();
                    });
                }
            });
        }
        try {
            assertThat(answered.await(20, TimeUnit.SECONDS))
                    .as("%s left", answered.getCount())
                    .isTrue();
            assertThat(wrong).isEmpty();
            assertThat(models.overlaps).hasValue(0);
        } finally {
            pool.shutdownNow();
        }
    }
}
