package dev.sampo.ingestion.index;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Which pieces of indexing wait, run and are done. Pure; one {@link Indexing} owns it. */
final class TaskBoard {
    private final int runningMax;
    private final int attemptsMax;
    private final Deque<IndexTask> waiting = new ArrayDeque<>();
    private final Map<IndexTask, Integer> attempts = new LinkedHashMap<>();
    private int added;
    private int done;

    TaskBoard(int runningMax, int attemptsMax) {
        this.runningMax = runningMax;
        this.attemptsMax = attemptsMax;
    }

    void add(List<IndexTask> tasks) {
        waiting.addAll(tasks);
        added += tasks.size();
    }

    /** The tasks to send now; they count as running from here on. */
    List<IndexTask> next() {
        List<IndexTask> next = new ArrayList<>();
        while (attempts.size() < runningMax && !waiting.isEmpty()) {
            IndexTask task = waiting.remove();
            attempts.put(task, 1);
            next.add(task);
        }
        return next;
    }

    boolean isRunning(IndexTask task) {
        return attempts.containsKey(task);
    }

    /** Takes a result; false if it is a repeated one. */
    boolean finished(IndexTask task) {
        if (attempts.remove(task) == null) {
            return false;
        }
        done++;
        return true;
    }

    /** Whether a running task that failed or went silent is to be sent once more. */
    boolean mayRetry(IndexTask task) {
        int made = attempts.getOrDefault(task, attemptsMax);
        if (made >= attemptsMax) {
            return false;
        }
        attempts.put(task, made + 1);
        return true;
    }

    boolean isDone() {
        return waiting.isEmpty() && attempts.isEmpty();
    }

    /** Done part of all that was ever added, 0 to 1. */
    double fraction() {
        return added == 0 ? 0 : (double) done / added;
    }
}
