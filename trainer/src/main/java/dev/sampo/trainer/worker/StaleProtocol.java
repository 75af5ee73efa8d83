package dev.sampo.trainer.worker;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One worker's view of a job whose steps are not synchronous: for each of its ranks, the clock that each shard waits for it
 * at, and so what may be done next. A pure state machine.
 *
 * <p>A rank whose clocks are all known computes for the lowest of them; the shards that are further refuse the repetition, so
 * that each counts every contribution once. It goes on when all shards have answered. When all ranks are at the bound, the
 * worker waits for the values that hold every rank's contributions.
 */
final class StaleProtocol {
    private static final long UNKNOWN = -1;

    private final int shards;
    private final TreeMap<Integer, Rank> ranks = new TreeMap<>();
    private final long[] settled;
    private long until;

    private static final class Rank {
        private final long[] at;
        private long sent = UNKNOWN;

        private Rank(int shards) {
            at = new long[shards];
            Arrays.fill(at, UNKNOWN);
        }

        private long clock() {
            return Arrays.stream(at).min().orElseThrow();
        }
    }

    /**
     * @param shards number of parameter shards, at least 1
     * @param until the clock to stop at
     */
    StaleProtocol(int shards, long until) {
        this.shards = shards;
        this.until = until;
        settled = new long[shards];
    }

    /** Has ranks [lo, hi) now; what is known of those it had before stays. */
    void deal(int lo, int hi) {
        ranks.keySet().removeIf(rank -> rank < lo || rank >= hi);
        for (int rank = lo; rank < hi; rank++) {
            ranks.computeIfAbsent(rank, fresh -> new Rank(shards));
        }
    }

    void extend(long newUntil) {
        until = newUntil;
    }

    /** A shard waits for {@code rank} at {@code clock}, and the rank may go on. */
    void onRank(int shard, int rank, long clock) {
        Rank known = ranks.get(rank);
        if (known != null) {
            known.at[shard] = Math.max(known.at[shard], clock);
        }
    }

    /** A shard's values hold every rank's contributions to the clocks before {@code clock}. */
    void onSettled(int shard, long clock) {
        settled[shard] = Math.max(settled[shard], clock);
    }

    /** The clock that a rank computes for, or -1 while it is not known. */
    long clock(int rank) {
        Rank known = ranks.get(rank);
        return known == null ? UNKNOWN : known.clock();
    }

    /** The ranks that may compute, the furthest behind first. */
    List<Integer> ready() {
        List<Integer> ready = new ArrayList<>();
        ranks.forEach((rank, state) -> {
            long clock = state.clock();
            if (clock != UNKNOWN && clock < until && state.sent < clock) {
                ready.add(rank);
            }
        });
        ready.sort((a, b) -> Long.compare(clock(a), clock(b)));
        return ready;
    }

    /** The contribution of {@code rank} to its clock was sent. */
    void sent(int rank) {
        Rank state = Optional.ofNullable(ranks.get(rank)).orElseThrow();
        state.sent = state.clock();
    }

    /** Whether a contribution of {@code rank} is on its way. */
    boolean isSent(int rank) {
        Rank state = ranks.get(rank);
        return state != null && state.sent != UNKNOWN && state.sent == state.clock();
    }

    /** The shards that still wait for the rank's clock; those of which nothing is known while none was sent. */
    List<Integer> missing(int rank) {
        List<Integer> missing = new ArrayList<>();
        Rank state = ranks.get(rank);
        if (state != null) {
            long clock = state.clock();
            for (int shard = 0; shard < shards; shard++) {
                if (state.at[shard] == clock && (clock == UNKNOWN || clock < until)) {
                    missing.add(shard);
                }
            }
        }
        return missing;
    }

    /** Whether all ranks of this worker are at the bound. */
    boolean isThrough() {
        return ranks.values().stream().allMatch(rank -> rank.clock() >= until);
    }

    /** The shards whose values do not yet hold every rank's contributions up to the bound. */
    List<Integer> unsettled() {
        List<Integer> unsettled = new ArrayList<>();
        for (int shard = 0; shard < shards; shard++) {
            if (settled[shard] < until) {
                unsettled.add(shard);
            }
        }
        return unsettled;
    }

    long until() {
        return until;
    }
}
