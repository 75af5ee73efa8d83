package dev.sampo.parameter.shard;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongPredicate;

/**
 * Who waits for a shard whose steps are not synchronous: each rank for leave to go on, and at an epoch's end each worker for
 * all ranks to arrive. Pure; {@code W} is the worker's reference.
 */
public final class WaitingRanks<W> {
    private record Waiting<W>(W worker, long version) {}

    private final Map<Integer, Waiting<W>> ranks = new LinkedHashMap<>();
    private final Map<W, Long> clocks = new LinkedHashMap<>();
    private final Map<Integer, W> lastOfRank = new HashMap<>();

    /** Somebody to be told the values now; {@code rank} may be {@link ShardState.Step#ALL_RANKS}. */
    public record Due<W>(int rank, W worker) {}

    /** A worker computes for {@code rank} and must not be told before {@code version} is where it must be. */
    public void add(int rank, W worker, long version) {
        ranks.put(rank, new Waiting<>(worker, version));
        lastOfRank.put(rank, worker);
    }

    /** A worker wants the values when the slowest rank is at {@code clock}. */
    public void addUntil(long clock, W worker) {
        clocks.put(worker, clock);
    }

    /** Takes out all who can be told, ranks in the order in which they came. */
    public List<Due<W>> due(ShardState shard, LongPredicate mayAnswer) {
        List<Due<W>> due = new ArrayList<>();
        ranks.entrySet().removeIf(each -> {
            boolean now = mayAnswer.test(each.getValue().version()) && shard.mayRead(each.getKey());
            if (now) {
                due.add(new Due<>(each.getKey(), each.getValue().worker()));
            }
            return now;
        });
        if (!clocks.isEmpty() && mayAnswer.test(shard.version())) {
            long slowest = shard.clock();
            clocks.entrySet().removeIf(each -> {
                boolean now = slowest >= each.getValue();
                if (now) {
                    due.add(new Due<>(ShardState.Step.ALL_RANKS, each.getKey()));
                }
                return now;
            });
        }
        return due;
    }

    /** Whoever waits, or was the last to be told of a rank. */
    public Set<W> workers() {
        Set<W> workers = new LinkedHashSet<>(lastOfRank.values());
        workers.addAll(clocks.keySet());
        return workers;
    }

    public void clear() {
        ranks.clear();
        clocks.clear();
        lastOfRank.clear();
    }
}
