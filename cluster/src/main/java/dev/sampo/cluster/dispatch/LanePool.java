package dev.sampo.cluster.dispatch;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Threads with one queue, for tasks that wait for each other many times a second. A thread that finds no task looks out for one
 * for a while before it sleeps, and lets other threads have its core meanwhile. Two lanes of a step would else often compute one
 * after the other: to wake a thread takes as long as a step's messages, and the system may put the woken thread on the core of
 * the one that woke it. Nothing is allocated for a task. Thread-safe.
 */
final class LanePool extends AbstractExecutorService {
    /** Looks at the queue between two offers of the core to others: some microseconds. */
    private static final int LOOKS = 32;

    private final int threadsMax;
    private final long lookoutNanos;
    private final ThreadFactory factory;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition wake = lock.newCondition();
    private final Condition ended = lock.newCondition();
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private int threads;
    private int lookingOut;
    private int asleep;
    /** Whether there is something to see for who looks out. */
    private volatile boolean news;

    private volatile boolean shutdown;

    /** @param lookoutNanos how long a thread looks out for a task before it sleeps; 0 for not at all */
    LanePool(int threadsMax, long lookoutNanos, ThreadFactory factory) {
        this.threadsMax = threadsMax;
        this.lookoutNanos = lookoutNanos;
        this.factory = factory;
    }

    @Override
    public void execute(Runnable task) {
        Thread fresh = null;
        lock.lock();
        try {
            if (shutdown) {
                throw new RejectedExecutionException("the pool is shut down");
            }
            tasks.add(task);
            news = true;
            if (tasks.size() > lookingOut) {
                if (asleep > 0) {
                    wake.signal();
                } else if (threads < threadsMax) {
                    threads++;
                    fresh = factory.newThread(this::work);
                }
            }
        } finally {
            lock.unlock();
        }
        if (fresh != null) {
            fresh.start();
        }
    }

    private void work() {
        try {
            for (Runnable task = next(); task != null; task = next()) {
                run(task);
            }
        } finally {
            lock.lock();
            try {
                threads--;
                ended.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /** A task's failure is told as if its thread had ended by it, but the thread goes on. */
    private static void run(Runnable task) {
        try {
            task.run();
        } catch (Throwable e) {
            Thread thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
        }
    }

    /** The next task, or null if there will be none. */
    private @Nullable Runnable next() {
        lock.lock();
        try {
            if (tasks.isEmpty() && lookoutNanos > 0) {
                lookOut();
            }
            while (tasks.isEmpty()) {
                if (shutdown) {
                    return null;
                }
                asleep++;
                wake.awaitUninterruptibly();
                asleep--;
            }
            return take();
        } finally {
            lock.unlock();
        }
    }

    private Runnable take() {
        Runnable task = tasks.remove();
        news = !tasks.isEmpty();
        return task;
    }

    /** Waits without sleep, and without the lock, for a task that nobody else took; gives up after a while. */
    private void lookOut() {
        long until = System.nanoTime() + lookoutNanos;
        lookingOut++;
        do {
            lock.unlock();
            try {
                while (!news && !shutdown && System.nanoTime() < until) {
                    for (int i = 0; i < LOOKS && !news; i++) {
                        Thread.onSpinWait();
                    }
                    if (!news) {
                        Thread.yield();
                    }
                }
            } finally {
                lock.lock();
            }
        } while (tasks.isEmpty() && !shutdown && System.nanoTime() < until);
        lookingOut--;
    }

    @Override
    public void shutdown() {
        lock.lock();
        try {
            shutdown = true;
            wake.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public List<Runnable> shutdownNow() {
        lock.lock();
        try {
            shutdown();
            List<Runnable> left = new ArrayList<>(tasks);
            tasks.clear();
            news = false;
            return left;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean isShutdown() {
        return shutdown;
    }

    @Override
    public boolean isTerminated() {
        lock.lock();
        try {
            return shutdown && threads == 0;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
        long left = unit.toNanos(timeout);
        lock.lock();
        try {
            while (!shutdown || threads > 0) {
                if (left <= 0) {
                    return false;
                }
                left = ended.awaitNanos(left);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }
}
