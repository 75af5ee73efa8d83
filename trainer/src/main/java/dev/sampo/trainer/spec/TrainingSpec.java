package dev.sampo.trainer.spec;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sampo.model.spec.Problems;
import dev.sampo.parameter.optimizer.OptimizerSpec;
import dev.sampo.parameter.optimizer.RegularizationSpec;
import dev.sampo.parameter.optimizer.ScheduleSpec;
import org.jspecify.annotations.Nullable;

/**
 * The training section of a job.
 *
 * @param epochs passes over the rows, 1 by default
 * @param batchSize rows of one rank's mini-batch, 64 by default
 * @param ranks world size, 1 by default; it fixes the mathematics, not the number of workers
 * @param seed decides initial weights, shuffling, dropout; 1 by default
 * @param consistency bsp by default: the same bits on any cluster
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TrainingSpec(
        Integer epochs,
        Integer batchSize,
        Integer ranks,
        Long seed,
        OptimizerSpec optimizer,
        @Nullable ScheduleSpec schedule,
        @Nullable RegularizationSpec regularization,
        @Nullable ClippingSpec gradientClipping,
        CompressionSpec gradientCompression,
        @Nullable EarlyStoppingSpec earlyStopping,
        ConsistencySpec consistency,
        @Nullable CheckpointSpec checkpoint) {
    public TrainingSpec(
            @Nullable Integer epochs,
            @Nullable Integer batchSize,
            @Nullable Integer ranks,
            @Nullable Long seed,
            @Nullable OptimizerSpec optimizer,
            @Nullable ScheduleSpec schedule,
            @Nullable RegularizationSpec regularization,
            @Nullable ClippingSpec gradientClipping,
            @Nullable CompressionSpec gradientCompression,
            @Nullable EarlyStoppingSpec earlyStopping,
            @Nullable ConsistencySpec consistency,
            @Nullable CheckpointSpec checkpoint) {
        this.epochs = epochs == null ? 1 : epochs;
        this.batchSize = batchSize == null ? 64 : batchSize;
        this.ranks = ranks == null ? 1 : ranks;
        this.seed = seed == null ? 1 : seed;
        this.optimizer = optimizer == null ? OptimizerSpec.of("adam") : optimizer;
        this.schedule = schedule;
        this.regularization = regularization;
        this.gradientClipping = gradientClipping;
        this.gradientCompression = gradientCompression == null ? CompressionSpec.of("none") : gradientCompression;
        this.earlyStopping = earlyStopping;
        this.consistency = consistency == null ? ConsistencySpec.of("bsp") : consistency;
        this.checkpoint = checkpoint;
    }

    void check(String path, Problems problems) {
        range(path + ".epochs", epochs, 1_000_000, problems);
        range(path + ".batchSize", batchSize, 1 << 20, problems);
        range(path + ".ranks", ranks, 4096, problems);
        optimizer.check(path + ".optimizer", problems);
        if (schedule != null) {
            schedule.check(path + ".schedule", problems);
            problems.check(
                    !optimizer.type().equals("ftrl")
                            || schedule.typeOrDefault().equals("constant") && schedule.warmup() == 0,
                    path + ".schedule",
                    "ftrl's weights are a function of one learning rate, so a change of it would rescale them; leave it out");
        }
        if (regularization != null) {
            regularization.check(path + ".regularization", problems);
            problems.check(
                    !optimizer.type().equals("ftrl"),
                    path + ".regularization",
                    "ftrl has penalties of its own; set " + path + ".optimizer.l1 and .l2 instead");
        }
        if (gradientClipping != null) {
            gradientClipping.check(path + ".gradientClipping", problems);
        }
        if (earlyStopping != null) {
            earlyStopping.check(path + ".earlyStopping", problems);
        }
        if (checkpoint != null) {
            checkpoint.check(path + ".checkpoint", problems);
        }
        consistency.check(path + ".consistency", problems);
        gradientCompression.check(
                path + ".gradientCompression", consistency.plan().synchronous(), checkpoint, problems);
    }

    private static void range(String path, int value, int most, Problems problems) {
        problems.check(value >= 1, path, "must be ≥ 1, was " + value);
        problems.check(value <= most, path, "must be ≤ " + most + ", was " + value);
    }
}
