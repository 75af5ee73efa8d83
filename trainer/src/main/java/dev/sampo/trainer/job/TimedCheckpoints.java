package dev.sampo.trainer.job;

import java.util.OptionalLong;

/**
 * When to ask the shards for a checkpoint by the clock on the wall. All shards must be asked for the same clock, so it is
 * chosen a little ahead of the newest one known; if a shard is past it already, the next try looks further ahead. Pure.
 */
final class TimedCheckpoints {
    private static final long AHEAD_MIN = 4;
    private static final long AHEAD_MAX = 1 << 16;
    private final long everyMs;
    private long lastMs;
    private long ahead = AHEAD_MIN;
    private long asked = -1;

    /** {@code everyMs} 0 means never. */
    TimedCheckpoints(long everyMs, long nowMs) {
        this.everyMs = everyMs;
        lastMs = nowMs;
    }

    /** The clock to ask for, if it is time and it lies before the epoch's end, which has a checkpoint of its own. */
    OptionalLong due(long nowMs, long step, long epochEnd) {
        long clock = step + ahead;
        if (everyMs == 0 || asked >= 0 || nowMs - lastMs < everyMs || clock >= epochEnd) {
            return OptionalLong.empty();
        }
        asked = clock;
        return OptionalLong.of(clock);
    }

    /** A checkpoint is whole, whoever asked for it. */
    void saved(long clock, long nowMs) {
        lastMs = nowMs;
        if (clock >= asked) {
            asked = -1;
        }
    }

    /** A shard was past the clock it was asked for: that checkpoint will never be whole. */
    void passed(long clock, long current) {
        if (clock == asked) {
            asked = -1;
            ahead = Math.min(AHEAD_MAX, Math.max(2 * ahead, 2 * (current - clock)));
        }
    }

    /** The shards begin again from an older checkpoint and know nothing of what was asked. */
    void rolledBack() {
        asked = -1;
    }
}
