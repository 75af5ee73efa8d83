package dev.sampo.serving.prediction;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Requests that wait for one model version, first come first served, and how they join into forward passes. Bounded by
 * rows, since rows are what costs memory and time. One thread.
 *
 * @param <R> where the reply goes
 */
final class RequestQueue<R> {
    /** One request that waits. */
    record Waiting<R>(RowTable rows, R replyTo) {}

    private final Deque<Waiting<R>> queue = new ArrayDeque<>();
    private final int queueRowsMax;
    private final int batchRowsMax;
    private int queuedRows;

    RequestQueue(int queueRowsMax, int batchRowsMax) {
        this.queueRowsMax = queueRowsMax;
        this.batchRowsMax = batchRowsMax;
    }

    /** Takes the request in, unless others wait and it would be too many rows; then false. */
    boolean offer(RowTable rows, R replyTo) {
        if (!queue.isEmpty() && (long) queuedRows + rows.count() > queueRowsMax) {
            return false;
        }
        queue.addLast(new Waiting<>(rows, replyTo));
        queuedRows += rows.count();
        return true;
    }

    /** Removes the oldest request and those right after it that fit into the same pass; empty if none waits. */
    List<Waiting<R>> take() {
        List<Waiting<R>> batch = new ArrayList<>();
        int rows = 0;
        for (Waiting<R> next = queue.peekFirst(); next != null; next = queue.peekFirst()) {
            boolean fits = rows + next.rows().count() <= batchRowsMax;
            if (!batch.isEmpty() && !(fits && batch.get(0).rows().joins(next.rows()))) {
                break;
            }
            batch.add(queue.removeFirst());
            rows += next.rows().count();
        }
        queuedRows -= rows;
        return batch;
    }

    int rows() {
        return queuedRows;
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }
}
