package dev.sampo.trainer.worker;

import dev.sampo.cluster.JobId;
import dev.sampo.model.data.Target;
import dev.sampo.model.network.ModelSpec;
import dev.sampo.parameter.compression.Compression;
import dev.sampo.parameter.shard.Consistency;
import dev.sampo.parameter.shard.ShardPlan;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a worker must know of a job, fixed when its data is indexed; kept in the store as {@code jobs/<job>/plan.json}.
 *
 * @param inputs number of features
 * @param ranks world size
 * @param batchSize rows of one rank's mini-batch
 * @param stepsPerEpoch training steps of one epoch
 * @param evaluationSteps validation batches of one rank, 0 without validation data
 * @param clipNorm largest L2 norm of the mean gradient, or null
 * @param checkpointEverySteps checkpoints at multiples of this clock beside those at every epoch's end, or 0
 * @param consistency how far the ranks may be apart
 * @param compression what gradients lose before they travel
 */
public record TrainPlan(
        JobId job,
        ModelSpec model,
        int inputs,
        Target target,
        int ranks,
        int batchSize,
        long seed,
        int epochs,
        int stepsPerEpoch,
        int evaluationSteps,
        List<ShardPlan.Range> shards,
        @Nullable Double clipNorm,
        long checkpointEverySteps,
        Consistency consistency,
        Compression compression) {
    public static String blob(JobId job) {
        return "jobs/" + job + "/plan.json";
    }

    /** Where a rank's evaluation of an epoch lies until it is merged. */
    public static String evaluationBlob(JobId job, int incarnation, int epoch, int rank) {
        return "jobs/" + job + "/evaluation/" + incarnation + "-" + epoch + "/" + rank + ".bin";
    }
}
