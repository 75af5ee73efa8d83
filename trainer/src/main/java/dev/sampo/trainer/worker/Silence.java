package dev.sampo.trainer.worker;

/**
 * When shards have been silent for so long that what was sent must be lost. Time that this thread computed does not count: what
 * came meanwhile is still in the mailbox, and a step may take longer than anybody's patience. Pure; the caller has the clock.
 */
final class Silence {
    /** The first patience; doubled up to {@link #MOST_MS} while nothing comes. */
    static final long FIRST_MS = 750;

    static final long MOST_MS = 3_000;
    /** A shard that writes a checkpoint answers nothing meanwhile: 40 ms for each million parameters, 100 MB of values a second. */
    private static final long PARAMETERS_PER_MS = 25_000;

    private final long writingMs;
    private long sinceMs;
    private long computedMs;
    private long patienceMs = FIRST_MS;

    /** @param parameters of the whole model; what its shards may be busy with is added to each patience */
    Silence(long nowMs, long parameters) {
        writingMs = parameters / PARAMETERS_PER_MS;
        sinceMs = nowMs;
        computedMs = nowMs - FIRST_MS;
    }

    void heard(long nowMs) {
        sinceMs = nowMs;
        patienceMs = FIRST_MS;
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

    /** Whether it has been too long; then it begins anew, with more patience. */
    boolean isTooLong(long nowMs, boolean relaxed) {
        if (nowMs - sinceMs < (relaxed ? MOST_MS : patienceMs) + writingMs) {
            return false;
        }
        sinceMs = nowMs;
        patienceMs = Math.min(MOST_MS, 2 * patienceMs);
        return true;
    }

    /** Whether it was too long not for the first time. */
    boolean isLasting() {
        return patienceMs == MOST_MS;
    }
}
