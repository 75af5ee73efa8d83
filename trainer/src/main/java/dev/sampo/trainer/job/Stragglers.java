package dev.sampo.trainer.job;

import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;

/**
 * Tells a worker that holds up all others from one that is gone or only slow: where no step is applied for a while, whoever
 * does not answer a question either (frozen, cut off, out of memory) is suspected, long before the failure detector may say
 * that its node is dead. To suspect one wrongly costs nothing but time (invariant I2). Pure; {@code W} is the worker's
 * reference.
 */
final class Stragglers<W extends Comparable<? super W>> {
    private static final long PATIENCE_MS = 1_000;
    /** Before the first step: data may have to be read, and code to be compiled. */
    private static final long FIRST_PATIENCE_MS = 10_000;

    private static final double STEPS_OF_PATIENCE = 4;

    /** Every worker answers, or others do its work, and yet nothing goes on: what is lost must be in a shard or on the way. */
    private static final long STUCK_MS = 15_000;

    private static final double STEPS_UNTIL_STUCK = 40;

    private double stepMs = Double.NaN;
    /** When training last went on in truth. */
    private long movedMs;

    private long advancedMs;
    private long askedMs = -1;
    private Set<W> silent = new TreeSet<>();

    /** What to do now: ask all workers, or deal without the suspects; or neither. */
    record Look<W>(boolean ask, Set<W> suspects) {}

    /** Training begins or goes on after something else. */
    void begin(long nowMs) {
        movedMs = nowMs;
        waitFrom(nowMs);
    }

    private void waitFrom(long nowMs) {
        advancedMs = nowMs;
        askedMs = -1;
    }

    /** Whether nothing has gone on for so long that asking and dealing again can't help; not before the first step. */
    boolean isStuck(long nowMs) {
        return nowMs - movedMs > Math.max(STUCK_MS, STEPS_UNTIL_STUCK * stepMs);
    }

    /** So many steps were applied, or part of an evaluation was reported (0 steps). */
    void advanced(long steps, long nowMs) {
        if (steps > 0) {
            double now = (double) (nowMs - advancedMs) / steps;
            stepMs = Double.isNaN(stepMs) ? now : 0.8 * stepMs + 0.2 * now;
        }
        begin(nowMs);
    }

    /** A worker answered. */
    void answered(W worker) {
        silent.remove(worker);
    }

    /** To be called now and then while ranks are dealt to {@code workers}. */
    Look<W> look(Collection<W> workers, long nowMs) {
        if (nowMs - advancedMs < patienceMs()) {
            askedMs = -1;
        } else if (askedMs < 0) {
            askedMs = nowMs;
            silent = new TreeSet<>(workers);
            return new Look<>(true, Set.of());
        } else if (nowMs - askedMs >= patienceMs()) {
            waitFrom(nowMs);
            // Where nobody answers nobody could do the others' work.
            if (silent.size() < workers.size()) {
                return new Look<>(false, silent);
            }
        }
        return new Look<>(false, Set.of());
    }

    private long patienceMs() {
        return Double.isNaN(stepMs)
                ? FIRST_PATIENCE_MS
                : Math.max(PATIENCE_MS, (long) Math.min(STEPS_OF_PATIENCE * stepMs, 60_000));
    }
}
