package dev.sampo.trainer.worker;

/**
 * When shards have been silent for so long that what was sent may be lost: a few times soon, since asking costs little, then
 * ever more seldom. Time that this thread computed does not count: what came meanwhile is still in the mailbox, and a step may
 * take longer than anybody's patience. Pure; the caller has the clock.
 */
final class Silence {
    /** The first patiences; doubled then, up to {@link #MOST_MS}, while nothing comes. */
    static final long FIRST_MS = 750;

    static final long MOST_MS = 3_000;
    /** How often it is too long before it is lasting. */
    private static final int SHORT = 2;

    private long sinceMs;
    private long computedMs;
    /** How often it was too long since something was heard. */
    private int times;

    Silence(long nowMs) {
        sinceMs = nowMs;
        computedMs = nowMs - FIRST_MS;
    }

    void heard(long nowMs) {
        sinceMs = nowMs;
        times = 0;
    }

    /** The thread computed until now. */
    void computed(long nowMs) {
        sinceMs = nowMs;
        computedMs = nowMs;
    }

    /** Whether so little time passed since it computed that an answer may be here unread, from whomever. */
    boolean isUnread(long nowMs) {
        return nowMs - computedMs < FIRST_MS;
    }

    /** Whether it has been too long; then it begins anew. */
    boolean isTooLong(long nowMs, boolean relaxed) {
        if (nowMs - sinceMs < (relaxed ? MOST_MS : patienceMs())) {
            return false;
        }
        sinceMs = nowMs;
        times++;
        return true;
    }

    private long patienceMs() {
        long patience = FIRST_MS;
        for (int i = SHORT; i < times && patience < MOST_MS; i++) {
            patience *= 2;
        }
        return patience;
    }

    /** Whether it was too long so often that asking is not enough. */
    boolean isLasting() {
        return times > SHORT;
    }
}
