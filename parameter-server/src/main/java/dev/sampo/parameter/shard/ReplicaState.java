package dev.sampo.parameter.shard;

import dev.sampo.parameter.shard.ShardState.DivergedException;
import dev.sampo.parameter.shard.ShardState.Ledger;
import dev.sampo.parameter.shard.ShardState.Step;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/** A copy of one shard that follows it step by step: filled in parts, then kept by the same arithmetic. Pure. */
final class ReplicaState {
    private final ShardPlan plan;
    private final int incarnation;
    private final long seededAt;
    private final Ledger ledger;
    private final long clock;
    private final long[] rankClocks;
    private final float[] values;
    private final float[][] slots;
    private final BitSet here = new BitSet();
    private @Nullable ShardState state;

    /**
     * @param version of the state that comes in parts
     * @param clock of that state's slowest rank
     * @param rankClocks as in {@link ShardSnapshot}
     * @param slots optimizer slots, 0 to 16
     */
    ReplicaState(
            ShardPlan plan, int incarnation, long version, long clock, long[] rankClocks, int slots, Ledger ledger) {
        if (slots < 0 || slots > 16) {
            throw new IllegalArgumentException("a shard with " + slots + " optimizer slots");
        }
        this.plan = plan;
        this.incarnation = incarnation;
        seededAt = version;
        this.clock = clock;
        this.rankClocks = rankClocks;
        this.ledger = ledger;
        values = new float[plan.length()];
        this.slots = new float[slots][plan.length()];
    }

    ShardPlan plan() {
        return plan;
    }

    int incarnation() {
        return incarnation;
    }

    /** Takes row 0, the values, or row i + 1, optimizer slot i. */
    void part(long version, int row, float[] floats) {
        if (state != null || version != seededAt) {
            return;
        }
        if (row < 0 || row > slots.length || floats.length != plan.length()) {
            throw new IllegalArgumentException("row " + row + " of " + floats.length + " values for a shard of "
                    + plan.length() + " values and " + slots.length + " slots");
        }
        System.arraycopy(floats, 0, row == 0 ? values : slots[row - 1], 0, floats.length);
        here.set(row);
        if (here.cardinality() == slots.length + 1) {
            state = new ShardState(plan, new ShardSnapshot(plan.index(), clock, values, slots, ledger, rankClocks));
        }
    }

    /** The version this copy is at, or -1 while it is not whole. */
    long version() {
        return state == null ? -1 : state.version();
    }

    /**
     * Follows the update from version {@code at}; one that is known already changes nothing.
     *
     * @return false if a step before it is missing: then this copy can't follow
     */
    boolean step(long at, Step step, float[] sum) throws DivergedException {
        if (state == null || at > state.version()) {
            return false;
        }
        if (at == state.version()) {
            state.replay(step, sum);
        }
        return true;
    }

    /** The state, if it is whole; this copy is given up. */
    @Nullable ShardState take() {
        return state;
    }
}
