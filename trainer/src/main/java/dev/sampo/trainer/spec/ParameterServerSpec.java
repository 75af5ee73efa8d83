package dev.sampo.trainer.spec;

import dev.sampo.model.spec.Problems;
import dev.sampo.parameter.shard.ShardPlan;
import org.jspecify.annotations.Nullable;

/**
 * How parameters are kept.
 *
 * @param shardFloats most parameters in a shard, 1 to 262144
 * @param replication 1, the default: every applied step is also on a second ps node, where there is one, before it is
 *     answered, so that the loss of a node costs no step; 0: a lost node's shards begin again from the newest checkpoint
 */
public record ParameterServerSpec(Integer shardFloats, Integer replication) {
    public ParameterServerSpec(@Nullable Integer shardFloats, @Nullable Integer replication) {
        this.shardFloats = shardFloats == null ? ShardPlan.FLOATS_MAX : shardFloats;
        this.replication = replication == null ? 1 : replication;
    }

    void check(String path, Problems problems) {
        problems.check(
                shardFloats >= 1 && shardFloats <= ShardPlan.FLOATS_MAX,
                path + ".shardFloats",
                "must be 1 to " + ShardPlan.FLOATS_MAX + ", was " + shardFloats);
        problems.check(
                replication == 0 || replication == 1, path + ".replication", "must be 0 or 1, was " + replication);
    }
}
