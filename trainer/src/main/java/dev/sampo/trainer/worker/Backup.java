package dev.sampo.trainer.worker;

import dev.sampo.parameter.shard.RankTree.Block;
import java.util.ArrayList;
import java.util.List;

/**
 * Which ranks of others a worker computes too, since their own worker is late; shards count whatever comes first (invariant
 * I2). Each late rank has one substitute, the worker of the next rank in a ring that is not late, so that a backup costs one
 * computation and not one of each waiting worker. Pure; one synchronous run owns it.
 *
 * <p>A substitute goes on for some steps without waiting first, then looks whether it is still needed; if so, for twice as
 * many (J. Dean and L. A. Barroso, "The Tail at Scale", 2013, has the idea of the hedged request).
 */
public final class Backup {
    private static final long FIRST_STEPS = 8;
    private static final long STEPS_MAX = 1024;
    private static final long PATIENCE_MS = 200;
    private static final double EXCHANGES_OF_PATIENCE = 4;

    private final int ranks;
    private final int lo;
    private final int hi;
    private List<Block> adopted = List.of();
    private List<Block> before = List.of();
    private long untilClock;
    private long steps = FIRST_STEPS;
    private double exchangeMs = Double.NaN;

    /** @param lo the worker has ranks [lo, hi) of {@code ranks} itself */
    public Backup(int ranks, int lo, int hi) {
        this.ranks = ranks;
        this.lo = lo;
        this.hi = hi;
    }

    /** An exchange took so long; of no use while others' ranks are computed too. */
    public void exchanged(long ms) {
        if (adopted.isEmpty()) {
            exchangeMs = Double.isNaN(exchangeMs) ? ms : 0.8 * exchangeMs + 0.2 * ms;
        }
    }

    /** How long an exchange may take before it is worth asking who is late. */
    public long patienceMs() {
        return Math.max(PATIENCE_MS, Double.isNaN(exchangeMs) ? 0 : (long) (EXCHANGES_OF_PATIENCE * exchangeMs));
    }

    /** The ranks to compute beside one's own, as disjoint ascending ranges; empty if there are none. */
    public List<Block> adopted() {
        return adopted;
    }

    /**
     * A shard still waits for {@code missing} ranks at {@code clock}, disjoint and ascending.
     *
     * @return whether {@link #adopted} is something else now
     */
    public boolean onMissing(List<Block> missing, long clock) {
        List<Block> mine = mine(missing);
        if (mine.isEmpty() || mine.equals(adopted)) {
            return false;
        }
        steps = mine.equals(before) ? Math.min(STEPS_MAX, 2 * steps) : FIRST_STEPS;
        adopted = mine;
        untilClock = clock + steps;
        return true;
    }

    /**
     * The worker is at {@code clock} now.
     *
     * @return whether it shall look again whether it is needed
     */
    public boolean advancedTo(long clock) {
        if (adopted.isEmpty() || clock < untilClock) {
            return false;
        }
        before = adopted;
        adopted = List.of();
        return true;
    }

    private List<Block> mine(List<Block> missing) {
        List<Block> mine = new ArrayList<>();
        for (int i = 0; i < missing.size(); i++) {
            Block range = missing.get(i);
            int next = range.hi() % ranks;
            if (next == 0 && missing.get(0).lo() == 0) {
                // The run goes on at the ring's beginning.
                next = missing.get(0).hi() % ranks;
            }
            if (next >= lo && next < hi && !overlaps(range)) {
                mine.add(range);
            }
        }
        return mine;
    }

    /** What this worker has sent itself may be lost too; that is repeated in its own time. */
    private boolean overlaps(Block range) {
        return range.lo() < hi && lo < range.hi();
    }
}
