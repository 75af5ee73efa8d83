package dev.sampo.trainer.job;

import dev.sampo.cluster.JobId;
import dev.sampo.trainer.job.JobStatus.State;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Which job has the cluster: one is at work at a time, in the order of their submission, and a paused one steps aside.
 *
 * <p>A job that was begun keeps its turn until it is paused or final, whatever its coordinator says meanwhile: one that
 * still reads its journal calls its job queued.
 */
final class JobQueue {
    private final Deque<JobId> waiting = new ArrayDeque<>();
    /** The begun ones that are not final. */
    private final Map<JobId, State> begun = new HashMap<>();

    /** A new job takes its place at the end. */
    void add(JobId job) {
        waiting.add(job);
    }

    /** The next job to begin; empty while another is at work. */
    Optional<JobId> begin() {
        if (atWork().isPresent() || waiting.isEmpty()) {
            return Optional.empty();
        }
        JobId next = waiting.remove();
        begun.put(next, State.INDEXING);
        return Optional.of(next);
    }

    /** What the coordinator of a begun job says. */
    void updated(JobId job, State state) {
        if (state.isFinal()) {
            ended(job);
        } else if (begun.containsKey(job) && state != State.QUEUED) {
            begun.put(job, state);
        }
    }

    /** The job is final, wherever it was. */
    void ended(JobId job) {
        waiting.remove(job);
        begun.remove(job);
    }

    /** Whether the job has not been begun yet. */
    boolean isWaiting(JobId job) {
        return waiting.contains(job);
    }

    int size() {
        return waiting.size();
    }

    /** The job that has the cluster. */
    Optional<JobId> atWork() {
        return begun.entrySet().stream()
                .filter(each -> each.getValue() != State.PAUSED)
                .map(Map.Entry::getKey)
                .findFirst();
    }

    @Override
    public String toString() {
        return waiting.toString();
    }
}
