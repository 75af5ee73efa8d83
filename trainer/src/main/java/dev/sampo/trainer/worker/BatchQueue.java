package dev.sampo.trainer.worker;

import dev.sampo.model.data.Selection;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The mini-batches a worker has asked for and not yet used; bounded by what it is asked to want (invariant I7). Pure: the
 * caller sends the requests and tells the time.
 */
final class BatchQueue {
    /** A batch that is wanted: on its way, or here. Used again for another. */
    private static final class Wanted {
        private long askedAtMs;
        private @Nullable Selection batch;
    }

    /** All that is wanted, in the caller's order. */
    private final List<BatchKey> wanted = new ArrayList<>();

    private final Map<BatchKey, Wanted> byKey = new HashMap<>();
    /** Batches that were used, for {@link #spare}. */
    private final Deque<Selection> spares = new ArrayDeque<>();

    private final Deque<Wanted> unused = new ArrayDeque<>();
    private final List<BatchKey> fresh = new ArrayList<>();
    private int wantedMost;

    /**
     * Makes {@code keys} all that is wanted, forgetting the rest; gives those to request now. Batches that are wanted no more
     * may be written again by those who get them from {@link #spare}, so the caller must be through with them.
     *
     * @return good until the next call
     */
    List<BatchKey> want(List<BatchKey> keys, long nowMs) {
        wantedMost = Math.max(wantedMost, keys.size());
        // By index, here and below: called at each step, it leaves no iterator on the heap.
        for (int i = 0; i < wanted.size(); i++) {
            BatchKey before = wanted.get(i);
            if (!keys.contains(before)) {
                forget(before);
            }
        }
        wanted.clear();
        fresh.clear();
        for (int i = 0; i < keys.size(); i++) {
            BatchKey key = keys.get(i);
            wanted.add(key);
            if (!byKey.containsKey(key)) {
                Wanted asked = unused.isEmpty() ? new Wanted() : unused.pop();
                asked.askedAtMs = nowMs;
                byKey.put(key, asked);
                fresh.add(key);
            }
        }
        return fresh;
    }

    private void forget(BatchKey key) {
        Wanted before = byKey.remove(key);
        if (before == null) {
            return;
        }
        if (before.batch != null && spares.size() < wantedMost) {
            spares.add(before.batch);
        }
        before.batch = null;
        unused.push(before);
    }

    /** Takes a batch; one that nobody waits for (a repeated answer) is dropped. */
    void arrived(BatchKey key, Selection batch) {
        Wanted asked = byKey.get(key);
        if (asked != null && asked.batch == null) {
            asked.batch = batch;
        }
    }

    /** A batch that nobody uses any more, to be given back with a request; null if there is none. Each is given once. */
    @Nullable Selection spare() {
        return spares.poll();
    }

    @Nullable Selection get(BatchKey key) {
        Wanted asked = byKey.get(key);
        return asked == null ? null : asked.batch;
    }

    /** Requests without an answer for {@code patienceMs}; they count as asked again now. */
    List<BatchKey> overdue(long nowMs, long patienceMs) {
        List<BatchKey> late = new ArrayList<>();
        for (BatchKey key : wanted) {
            Wanted asked = byKey.get(key);
            if (asked != null && asked.batch == null && nowMs - asked.askedAtMs >= patienceMs) {
                asked.askedAtMs = nowMs;
                late.add(key);
            }
        }
        return late;
    }

    void clear() {
        wanted.clear();
        byKey.clear();
        spares.clear();
    }
}
