package dev.sampo.ingestion.index;

import dev.sampo.cluster.JobId;
import dev.sampo.ingestion.source.DataSpec;
import dev.sampo.model.feature.FeatureSpec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What ingest entities must know of a job; kept in the store, so that any node can do anything for it again.
 *
 * @param skipsZeros whether the job's model gains where few of a row's values are non-zero, though its source holds them all
 */
public record IngestPlan(
        JobId job,
        DataSpec data,
        @Nullable List<FeatureSpec> features,
        int ranks,
        int batchSize,
        long seed,
        OnBadRecord onBadRecord,
        boolean skipsZeros) {
    IngestPlan withData(DataSpec told) {
        return new IngestPlan(job, told, features, ranks, batchSize, seed, onBadRecord, skipsZeros);
    }

    public static String blob(JobId job) {
        return "jobs/" + job + "/ingest/plan.json";
    }

    static String scanBlob(JobId job, boolean train, int file) {
        return "jobs/" + job + "/ingest/scan-" + (train ? "train-" : "validation-") + file + ".json";
    }

    static String groupBlob(JobId job, boolean train, int group) {
        return "jobs/" + job + "/ingest/group-" + (train ? "train-" : "validation-") + group + ".json";
    }

    /** The source's files, before one of them is opened. */
    static String filesBlob(JobId job) {
        return "jobs/" + job + "/ingest/files.json";
    }

    /** Where the boundaries lie before the rows are looked at. */
    static String layoutBlob(JobId job) {
        return "jobs/" + job + "/ingest/layout.json";
    }

    public static String indexBlob(JobId job) {
        return "jobs/" + job + "/ingest/index.json";
    }

    public static String pipelineBlob(JobId job) {
        return "jobs/" + job + "/features.json";
    }
}
