package dev.sampo.trainer.worker;

import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;

/**
 * Which shards' contributions of a step are under way: so many at most, since the transport drops in silence what its queue has
 * no room for. Every worker sends in the same order, the last layer's shards first, so those under way everywhere are the same
 * and get answered. Pure: the caller sends.
 */
final class SendWindow {
    private final int max;
    private final BitSet underWay = new BitSet();
    private final Deque<Integer> waiting = new ArrayDeque<>();

    /** @param max shards under way at once, at least 1 */
    SendWindow(int max) {
        if (max < 1) {
            throw new IllegalArgumentException("a window of " + max + " shards");
        }
        this.max = max;
    }

    /** A new step: nothing is under way. */
    void clear() {
        underWay.clear();
        waiting.clear();
    }

    /** A shard's contribution is ready; whether to send it now. Otherwise {@link #answered} gives it later. */
    boolean offer(int shard) {
        if (underWay.cardinality() < max) {
            underWay.set(shard);
            return true;
        }
        waiting.add(shard);
        return false;
    }

    /** A shard has answered with the next values; gives the shard to send now, or -1. */
    int answered(int shard) {
        if (!underWay.get(shard)) {
            waiting.remove(shard);
            return -1;
        }
        underWay.clear(shard);
        Integer next = waiting.poll();
        if (next == null) {
            return -1;
        }
        underWay.set(next);
        return next;
    }

    boolean isUnderWay(int shard) {
        return underWay.get(shard);
    }
}
