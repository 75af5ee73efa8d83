package dev.sampo.cluster.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class LanePoolTest {
    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
    private final Queue<Throwable> uncaught = new ConcurrentLinkedQueue<>();
    private final List<LanePool> pools = new ArrayList<>();

    private LanePool pool(int threadsMax, long lookoutMicros) {
        LanePool pool = new LanePool(threadsMax, lookoutMicros * 1_000, task -> {
            Thread thread = new Thread(task, "lane");
            thread.setUncaughtExceptionHandler((of, e) -> uncaught.add(e));
            threads.add(thread);
            return thread;
        });
        pools.add(pool);
        return pool;
    }

    @AfterEach
    void stop() {
        pools.forEach(LanePool::shutdownNow);
    }

    @ParameterizedTest(name = "lookout {0} us")
    @ValueSource(longs = {0, 20, 2_000})
    void everyTaskRunsOnceAndNoMoreThreadsThanGiven(long lookoutMicros) throws Exception {
        LanePool pool = pool(3, lookoutMicros);
        int senders = 4;
        int each = 20_000;
        AtomicInteger[] ran = new AtomicInteger[senders * each];
        CountDownLatch left = new CountDownLatch(ran.length);
        for (int sender = 0; sender < senders; sender++) {
            int from = sender * each;
            new Thread(() -> {
                        for (int i = from; i < from + each; i++) {
                            AtomicInteger mine = new AtomicInteger();
                            ran[i] = mine;
                            pool.execute(() -> {
                                mine.incrementAndGet();
                                left.countDown();
                            });
                            if (i % 1_000 == 0) {
                                // Long enough for the threads to fall asleep.
                                Thread.yield();
                                sleep(5);
                            }
                        }
                    })
                    .start();
        }
        left.await();
        assertThat(ran).allSatisfy(count -> assertThat(count).hasValue(1));
        assertThat(threads).hasSizeBetween(1, 3);
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What lanes need: both of two tasks that a task sends run at once, though it is a thread of the pool that sends them. */
    @ParameterizedTest(name = "lookout {0} us")
    @ValueSource(longs = {0, 500})
    void tasksThatWaitForEachOtherMeet(long lookoutMicros) throws Exception {
        LanePool pool = pool(2, lookoutMicros);
        CountDownLatch rounds = new CountDownLatch(5_000);
        CyclicBarrier both = new CyclicBarrier(2, () -> {
            rounds.countDown();
            if (rounds.getCount() % 500 == 0) {
                sleep(3);
            }
        });
        Runnable[] lane = new Runnable[1];
        lane[0] = () -> {
            try {
                both.await(10, TimeUnit.SECONDS);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
            if (rounds.getCount() > 0) {
                pool.execute(lane[0]);
            }
        };
        pool.execute(() -> {
            pool.execute(lane[0]);
            pool.execute(lane[0]);
        });
        rounds.await();
        assertThat(uncaught).isEmpty();
    }

    @Test
    void aThreadWithoutTasksSleepsAndWakes() throws Exception {
        LanePool pool = pool(2, 200);
        for (int round = 0; round < 20; round++) {
            CountDownLatch ran = new CountDownLatch(2);
            pool.execute(ran::countDown);
            pool.execute(ran::countDown);
            ran.await();
            while (threads.stream().anyMatch(each -> each.getState() != Thread.State.WAITING)) {
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void aTaskThatFailsIsToldAndTheNextOneRuns() throws Exception {
        LanePool pool = pool(1, 50);
        CountDownLatch next = new CountDownLatch(1);
        pool.execute(() -> {
            throw new IllegalStateException("on purpose");
        });
        pool.execute(next::countDown);
        next.await();
        assertThat(uncaught).singleElement().satisfies(e -> assertThat(e).hasMessage("on purpose"));
        assertThat(threads).hasSize(1);
    }

    @Test
    void shutDownItRunsWhatItHasAndTakesNoMore() throws Exception {
        LanePool pool = pool(1, 50);
        CountDownLatch go = new CountDownLatch(1);
        AtomicInteger ran = new AtomicInteger();
        pool.execute(() -> {
            try {
                go.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        pool.execute(ran::incrementAndGet);
        pool.shutdown();
        assertThatThrownBy(() -> pool.execute(ran::incrementAndGet)).isInstanceOf(RejectedExecutionException.class);
        assertThat(pool.awaitTermination(20, TimeUnit.MILLISECONDS)).isFalse();
        go.countDown();
        assertThat(pool.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
        assertThat(pool.isTerminated()).isTrue();
        assertThat(ran).hasValue(1);
    }

    @Test
    void shutDownNowItGivesBackWhatDidNotRun() throws Exception {
        LanePool pool = pool(1, 50);
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        pool.execute(() -> {
            running.countDown();
            try {
                go.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        running.await();
        Runnable left = () -> {};
        pool.execute(left);
        assertThat(pool.shutdownNow()).containsExactly(left);
        go.countDown();
        assertThat(pool.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void theComputeDispatcherIsSuchAPool() {
        ActorTestKit kit = ActorTestKit.create();
        try {
            TestProbe<String> probe = kit.createTestProbe();
            var actor = kit.spawn(
                    Behaviors.<String>receiveMessage(message -> {
                        probe.ref()
                                .tell(Thread.currentThread().getName() + " "
                                        + Thread.currentThread()
                                                .getStackTrace()[
                                                Thread.currentThread().getStackTrace().length - 2]);
                        return Behaviors.same();
                    }),
                    DispatcherSelector.fromConfig("sampo.compute-dispatcher"));
            actor.tell("who?");
            assertThat(probe.receiveMessage())
                    .contains("sampo.compute-dispatcher-")
                    .contains("LanePool.work");
        } finally {
            kit.shutdownTestKit();
        }
    }

    @Test
    void aNegativeNumberOfLanesIsRefused() {
        var config = ConfigFactory.parseString("lanes = -1, lookout = 1ms");
        ActorTestKit kit = ActorTestKit.create();
        try {
            assertThatThrownBy(() -> new LaneExecutor(
                            config, kit.system().classicSystem().dispatchers().prerequisites()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("lanes: -1");
        } finally {
            kit.shutdownTestKit();
        }
    }
}
