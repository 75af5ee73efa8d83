package dev.sampo.trainer.worker;

import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;

/**
 * One worker's view of the synchronous step: which shards have answered, and so what may be done next. A pure state
 * machine: it joins by finding the clock that all shards still hold, computes, exchanges, and stops at a bound.
 *
 * <p>{@code JOINING -> COMPUTING} when all shards' values of one clock are here; {@code COMPUTING -> EXCHANGING} when the
 * gradients were sent; {@code EXCHANGING -> COMPUTING} when every shard answered with the next clock, or {@code STOPPED}
 * when that is the bound; anything {@code -> JOINING} when a shard is found further than this worker can follow.
 */
public final class StepProtocol {
    /** Where the worker is. */
    public enum Phase {
        JOINING,
        COMPUTING,
        EXCHANGING,
        STOPPED
    }

    private static final long UNKNOWN = -1;
    private final long[] held;
    private final Set<Integer> outdated = new TreeSet<>();
    private long until;
    private long clock = UNKNOWN;
    private Phase phase = Phase.JOINING;

    /**
     * @param shards number of parameter shards, at least 1
     * @param until the clock to stop at
     */
    public StepProtocol(int shards, long until) {
        held = new long[shards];
        Arrays.fill(held, UNKNOWN);
        this.until = until;
    }

    public Phase phase() {
        return phase;
    }

    /** The clock of the values to compute with; meaningless while joining. */
    public long clock() {
        return clock;
    }

    /** Moves the bound; a stopped worker goes on if it is beyond the clock. */
    public void extend(long newUntil) {
        until = newUntil;
        if (phase == Phase.STOPPED && clock < until) {
            phase = Phase.COMPUTING;
        }
    }

    /**
     * Takes note of a shard's values.
     *
     * @return whether the caller should keep the values: they are of a clock this worker waits for
     */
    public boolean onValues(int shard, long at) {
        switch (phase) {
            case JOINING -> {
                held[shard] = at;
                forgetOutdated();
                return true;
            }
            case COMPUTING, EXCHANGING -> {
                if (at == clock + 1) {
                    held[shard] = at;
                    return true;
                }
                if (at > clock + 1) {
                    rejoin();
                    for (int other = 0; other < held.length; other++) {
                        if (other != shard) {
                            outdated.add(other);
                        }
                    }
                    held[shard] = at;
                    return true;
                }
                return false;
            }
            case STOPPED -> {
                return false;
            }
        }
        return false;
    }

    /** Shards are one clock apart at most, so values further behind are of the past, and no shard has others of that clock. */
    private void forgetOutdated() {
        long newest = Arrays.stream(held).max().orElseThrow();
        for (int shard = 0; shard < held.length; shard++) {
            if (held[shard] != UNKNOWN && held[shard] < newest - 1) {
                held[shard] = UNKNOWN;
                outdated.add(shard);
            }
        }
    }

    /** While joining: the shards whose answer is of the past, to be asked for their newest; each is given once. */
    public Set<Integer> outdated() {
        Set<Integer> asked = Set.copyOf(outdated);
        outdated.clear();
        return asked;
    }

    /** Forgets what it holds and finds the common clock again. */
    public void rejoin() {
        phase = Phase.JOINING;
        Arrays.fill(held, UNKNOWN);
        outdated.clear();
    }

    /**
     * Whether all shards' values of one clock are here; then that is the clock now, and the caller loads the values. While
     * computing (values that came early) this is false: the gradients must be sent first.
     */
    public boolean advance() {
        if (phase != Phase.JOINING && phase != Phase.EXCHANGING) {
            return false;
        }
        long first = held[0];
        if (phase == Phase.EXCHANGING && first != clock + 1) {
            return false;
        }
        for (long each : held) {
            if (each != first || each == UNKNOWN) {
                return false;
            }
        }
        clock = first;
        phase = clock >= until ? Phase.STOPPED : Phase.COMPUTING;
        return true;
    }

    /** The gradients of {@link #clock()} were sent. */
    public void sent() {
        phase = Phase.EXCHANGING;
    }

    /** Other ranks were dealt: what was sent is no longer all that this worker owes to the clock. */
    public void recompute() {
        if (phase == Phase.EXCHANGING) {
            phase = Phase.COMPUTING;
        }
    }

    /** Shards whose values are not here: while joining at any clock, otherwise at the next. */
    public Set<Integer> missing() {
        Set<Integer> missing = new TreeSet<>();
        for (int shard = 0; shard < held.length; shard++) {
            if (isMissing(shard)) {
                missing.add(shard);
            }
        }
        return missing;
    }

    /** Whether a shard is one of {@link #missing}. */
    public boolean isMissing(int shard) {
        return phase == Phase.JOINING ? held[shard] == UNKNOWN : held[shard] != clock + 1;
    }

    /** Whether there is one of {@link #missing}. */
    public boolean isAnyMissing() {
        for (int shard = 0; shard < held.length; shard++) {
            if (isMissing(shard)) {
                return true;
            }
        }
        return false;
    }

    /** While joining with all shards known but apart: the shards to ask for the older clock, which they still hold. */
    public Set<Integer> apart() {
        Set<Integer> apart = new TreeSet<>();
        if (phase == Phase.JOINING && missing().isEmpty()) {
            long oldest = oldest();
            for (int shard = 0; shard < held.length; shard++) {
                if (held[shard] != oldest) {
                    apart.add(shard);
                }
            }
        }
        return apart;
    }

    /** The lowest clock of the values here; only when none is missing. */
    public long oldest() {
        return Arrays.stream(held).min().orElseThrow();
    }
}
