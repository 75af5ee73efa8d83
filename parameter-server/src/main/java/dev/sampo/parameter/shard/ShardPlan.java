package dev.sampo.parameter.shard;

import dev.sampo.cluster.JobId;
import dev.sampo.cluster.wire.CborSerializable;
import dev.sampo.parameter.compression.Compression;
import dev.sampo.parameter.compression.Packing;
import dev.sampo.parameter.optimizer.OptimizerSpec;
import dev.sampo.parameter.optimizer.RegularizationSpec;
import dev.sampo.parameter.optimizer.ScheduleSpec;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one parameter shard must know of its job; the same whatever the cluster looks like.
 *
 * @param index 0 to shards - 1
 * @param offset first parameter of the shard in the flattened parameters
 * @param length number of parameters, 1 to {@link #FLOATS_MAX}
 * @param regularized ranges, relative to the shard, that L1, L2 and decoupled weight decay apply to; the rest are biases
 * @param ranks world size
 * @param stepsPerEpoch steps; an epoch's end is a checkpoint
 * @param totalSteps steps of the whole job, for the schedule
 * @param clipNorm largest L2 norm of the whole mean gradient, or null
 * @param clipValue largest magnitude of one element of the mean gradient, or null
 * @param checkpointEverySteps further checkpoints at multiples of this clock, or 0
 * @param replicas 0, or 1 if every applied step shall reach another ps node, where there is one, before it is answered
 * @param consistency how far the ranks may be apart
 * @param compression what gradients lose before they travel
 */
public record ShardPlan(
        JobId job,
        int index,
        int offset,
        int length,
        List<Range> regularized,
        int ranks,
        int stepsPerEpoch,
        long totalSteps,
        OptimizerSpec optimizer,
        @Nullable ScheduleSpec schedule,
        @Nullable RegularizationSpec regularization,
        @Nullable Double clipNorm,
        @Nullable Double clipValue,
        long checkpointEverySteps,
        int replicas,
        Consistency consistency,
        Compression compression)
        implements CborSerializable {
    /** 256 Ki floats: one shard's values fit one frame. */
    public static final int FLOATS_MAX = Packing.FLOATS_MAX;

    /** Indices [from, to) of a shard. */
    public record Range(int from, int to) {}

    /** Cuts {@code parameters} into equal shards of at most {@code floatsMax}; the ranges of the flattened parameters. */
    public static List<Range> cut(int parameters, int floatsMax) {
        int shards = Math.max(1, (int) (((long) parameters + floatsMax - 1) / floatsMax));
        List<Range> ranges = new ArrayList<>(shards);
        for (int i = 0; i < shards; i++) {
            ranges.add(new Range((int) ((long) parameters * i / shards), (int) ((long) parameters * (i + 1) / shards)));
        }
        return ranges;
    }

    /** The parts of {@code wanted} (flattened) that lie in [from, to), relative to {@code from}. */
    public static List<Range> within(List<Range> wanted, int from, int to) {
        List<Range> parts = new ArrayList<>();
        for (Range range : wanted) {
            int lo = Math.max(range.from, from);
            int hi = Math.min(range.to, to);
            if (lo < hi) {
                parts.add(new Range(lo - from, hi - from));
            }
        }
        return parts;
    }
}
