package dev.sampo.trainer.spec;

import dev.sampo.model.spec.Problems;
import dev.sampo.parameter.shard.ShardPlan;
import org.jspecify.annotations.Nullable;

/**
 * How parameters are kept.
 *
 * @param shardFloats most parameters in a shard, 1 to 262144; null leaves it to {@link #shardFloatsOf}
 * @param replication 1, the default: every applied step is also on a second ps node, where there is one, before it is
 *     answered, so that the loss of a node costs no step; 0: a lost node's shards begin again from the newest checkpoint
 */
public record ParameterServerSpec(@Nullable Integer shardFloats, Integer replication) {
    // Several cores apply a step together, but each shard costs messages.
    private static final int FLOATS_MIN = 16 * 1024;
    private static final int FLOATS_FOR_TWO = 128 * 1024;

    public ParameterServerSpec(@Nullable Integer shardFloats, @Nullable Integer replication) {
        this.shardFloats = shardFloats;
        this.replication = replication == null ? 1 : replication;
    }

    void check(String path, Problems problems) {
        problems.check(
                shardFloats == null || shardFloats >= 1 && shardFloats <= ShardPlan.FLOATS_MAX,
                path + ".shardFloats",
                "must be 1 to " + ShardPlan.FLOATS_MAX + ", was " + shardFloats);
        problems.check(
                replication == 0 || replication == 1, path + ".replication", "must be 0 or 1, was " + replication);
    }

    /**
     * Most parameters in a shard of a model of {@code parameters}: two shards at least unless they were tiny, four of large ones.
     * Nothing of the cluster may decide it.
     */
    public int shardFloatsOf(int parameters) {
        if (shardFloats != null) {
            return shardFloats;
        }
        int wanted = Math.max(parameters / 4 + 1, Math.min(parameters / 2 + 1, FLOATS_FOR_TWO));
        return Math.max(FLOATS_MIN, Math.min(ShardPlan.FLOATS_MAX, wanted));
    }
}
