package dev.sampo.trainer.spec;

import dev.sampo.model.spec.Problems;
import dev.sampo.parameter.shard.ShardPlan;
import org.jspecify.annotations.Nullable;

/**
 * How parameters are kept.
 *
 * @param shardFloats most parameters in a shard, 1 to 262144
 */
public record ParameterServerSpec(Integer shardFloats) {
    public ParameterServerSpec(@Nullable Integer shardFloats) {
        this.shardFloats = shardFloats == null ? ShardPlan.FLOATS_MAX : shardFloats;
    }

    void check(String path, Problems problems) {
        problems.check(
                shardFloats >= 1 && shardFloats <= ShardPlan.FLOATS_MAX,
                path + ".shardFloats",
                "must be 1 to " + ShardPlan.FLOATS_MAX + ", was " + shardFloats);
    }
}
