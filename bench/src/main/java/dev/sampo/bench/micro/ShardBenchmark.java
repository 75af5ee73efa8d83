package dev.sampo.bench.micro;

import dev.sampo.cluster.JobId;
import dev.sampo.parameter.compression.Compression;
import dev.sampo.parameter.optimizer.OptimizerSpec;
import dev.sampo.parameter.shard.Consistency;
import dev.sampo.parameter.shard.PartialSum;
import dev.sampo.parameter.shard.RankTree.Block;
import dev.sampo.parameter.shard.ShardPlan;
import dev.sampo.parameter.shard.ShardSnapshot;
import dev.sampo.parameter.shard.ShardState;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A whole shard of 256 Ki parameters takes the contributions of two ranks and applies them: reduction and optimizer. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class ShardBenchmark {
    private static final int LENGTH = ShardPlan.FLOATS_MAX;

    @Param({"sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "ftrl"})
    public String optimizer;

    private ShardState shard;
    private float[][] gradients;

    @Setup
    public void setup() {
        SplittableRandom random = new SplittableRandom(1);
        gradients = new float[2][LENGTH];
        float[] values = new float[LENGTH];
        for (int i = 0; i < LENGTH; i++) {
            values[i] = (float) (random.nextDouble() - 0.5);
            gradients[0][i] = (float) (random.nextDouble() - 0.5);
            gradients[1][i] = (float) (random.nextDouble() - 0.5);
        }
        ShardPlan plan = new ShardPlan(
                new JobId("bench"),
                0,
                0,
                LENGTH,
                List.of(new ShardPlan.Range(0, LENGTH)),
                2,
                1_000_000,
                1_000_000_000L,
                OptimizerSpec.of(optimizer),
                null,
                null,
                null,
                null,
                0,
                0,
                Consistency.SYNCHRONOUS,
                Compression.NONE);
        shard = new ShardState(plan, ShardSnapshot.initial(0, values));
    }

    @Benchmark
    public float[] step() throws ShardState.DivergedException {
        for (int rank = 0; rank < 2; rank++) {
            shard.contribute(
                    shard.clock(), new PartialSum.Plain(new Block(rank, rank + 1), gradients[rank], 0, 128, 128, 1), 0);
        }
        shard.apply(1f, null);
        return shard.values();
    }
}
