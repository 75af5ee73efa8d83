package dev.sampo.trainer.job;

import dev.sampo.parameter.shard.Checkpoints;
import dev.sampo.parameter.shard.Checkpoints.Manifest;
import dev.sampo.parameter.shard.ShardState;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What must be there before an epoch counts as done: every rank through with it, and a checkpoint of its last clock by
 * every shard. Pure; one coordinator owns it.
 */
final class EpochLedger {
    private final int ranks;
    private final int shards;
    private final BitSet finishedRanks = new BitSet();
    private final TreeMap<Long, Map<Integer, Saved>> saved = new TreeMap<>();

    /** One shard's part of a checkpoint. */
    record Saved(Manifest.Entry entry, ShardState.Ledger ledger) {}

    EpochLedger(int ranks, int shards) {
        this.ranks = ranks;
        this.shards = shards;
    }

    void ranksFinished(int lo, int hi) {
        finishedRanks.set(lo, hi);
    }

    boolean allRanksFinished() {
        return finishedRanks.cardinality() == ranks;
    }

    /** The next epoch begins, or ranks were dealt again and will report again. */
    void forgetRanks() {
        finishedRanks.clear();
    }

    /** Notes a saved shard; gives the manifest to write when it was the last of its clock. */
    Optional<Manifest> saved(long clock, Saved part) {
        Map<Integer, Saved> parts = saved.computeIfAbsent(clock, each -> new TreeMap<>());
        boolean fresh = parts.put(part.entry().shard(), part) == null;
        if (!fresh || parts.size() < shards) {
            return Optional.empty();
        }
        return Optional.of(new Manifest(
                clock, shards, parts.values().stream().map(Saved::entry).toList()));
    }

    boolean isSaved(long clock) {
        Map<Integer, Saved> parts = saved.get(clock);
        return parts != null && parts.size() == shards;
    }

    /** The shards whose part of the checkpoint at {@code clock} is not there. */
    List<Integer> notSaved(long clock) {
        Map<Integer, Saved> parts = saved.getOrDefault(clock, Map.of());
        return IntStream.range(0, shards)
                .filter(shard -> !parts.containsKey(shard))
                .boxed()
                .toList();
    }

    /**
     * The rows, loss and weight up to a saved clock; null if the shards disagree on what was applied.
     *
     * @param sameOrder whether all shards applied all in the same order, and so have the same bits
     */
    ShardState.@Nullable Ledger agreed(long clock, boolean sameOrder) {
        ShardState.Ledger first = null;
        for (Saved part : saved.getOrDefault(clock, Map.of()).values()) {
            if (first == null) {
                first = part.ledger();
            } else if (part.ledger().rowsApplied() != first.rowsApplied()
                    || part.ledger().contributions() != first.contributions()
                    || sameOrder && part.ledger().epochLoss() != first.epochLoss()) {
                return null;
            }
        }
        return first;
    }

    /** A checkpoint that an earlier life of this job wrote. */
    void restored(Checkpoints.Whole checkpoint) {
        Map<Integer, Saved> parts = new TreeMap<>();
        for (int i = 0; i < checkpoint.ledgers().size(); i++) {
            Manifest.Entry entry = checkpoint.manifest().entries().get(i);
            parts.put(entry.shard(), new Saved(entry, checkpoint.ledgers().get(i)));
        }
        saved.put(checkpoint.manifest().clock(), parts);
    }

    /** After a recovery: checkpoints beyond the clock are of a life that is over. */
    void rollBack(long clock) {
        saved.tailMap(clock, false).clear();
        saved.entrySet().removeIf(each -> each.getValue().size() < shards);
        finishedRanks.clear();
    }

    /** Checkpoints before the clock are needed no more. */
    void forgetBefore(long clock) {
        saved.headMap(clock, false).clear();
    }
}
