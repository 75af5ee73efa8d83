package dev.sampo.trainer.worker;

import dev.sampo.model.data.Batch;
import dev.sampo.model.data.Selection;
import dev.sampo.model.data.Target;
import dev.sampo.model.kernel.Kernel;
import dev.sampo.model.network.ModelSpec;
import dev.sampo.model.network.Network;
import dev.sampo.parameter.compression.Compression;
import dev.sampo.parameter.shard.RankTree.Block;
import java.util.List;

/**
 * One gradient of a tiny model. It loads the native libraries and most classes of a step, which takes a new process a good part of
 * a second; a worker does it before it is known, for later all others would wait.
 */
final class WarmUp {
    private static final int WIDTH = 4;

    private WarmUp() {}

    static void run() {
        Kernel.describe();
        Network network = Network.of(
                new ModelSpec("mlp", List.of(WIDTH), null, null, null),
                WIDTH,
                new Target(Target.Kind.CLASSES, List.of("a", "b")));
        Selection batch = Selection.all(Batch.dense(2, WIDTH, new float[2 * WIDTH], new float[] {0, 1}, null));
        try (Network.Lane lane = network.newLane(batch.rows())) {
            int parameters = network.parameterCount();
            lane.load(new float[parameters], 0, 0, parameters);
            new GradientTree(List.of(new Block(0, 1)), 1, parameters, Compression.NONE, null)
                    .compute(lane, rank -> batch, rank -> 0, GradientTree.Ready.IGNORED);
        }
    }
}
