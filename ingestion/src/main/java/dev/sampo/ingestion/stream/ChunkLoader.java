package dev.sampo.ingestion.stream;

import dev.sampo.ingestion.index.ChunkIndex;
import dev.sampo.ingestion.index.IngestPlan;
import dev.sampo.ingestion.source.BadSourceException;
import dev.sampo.ingestion.source.ChunkReader;
import dev.sampo.ingestion.source.SourceFile;
import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Batch;
import dev.sampo.model.feature.FeaturePipeline;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;

/** Gives the transformed rows of chunks, from the cache or from the files. Not thread-safe. */
final class ChunkLoader {
    private final IngestPlan plan;
    private final ChunkIndex index;
    private final FeaturePipeline pipeline;
    private final ChunkReader files;
    private final ChunkCache cache;

    ChunkLoader(IngestPlan plan, ChunkIndex index, FeaturePipeline pipeline, ChunkReader files, ChunkCache cache) {
        this.plan = plan;
        this.index = index;
        this.pipeline = pipeline;
        this.files = files;
        this.cache = cache;
    }

    FeaturePipeline pipeline() {
        return pipeline;
    }

    /** The good rows of a chunk that belong to a data set, in the file's order; nobody writes to them. */
    Batch load(Dataset dataset, int chunk) throws IOException {
        Batch kept = cache.get(plan.job(), dataset, chunk);
        if (kept == null) {
            kept = make(dataset, index.chunks(dataset).get(chunk));
            cache.put(plan.job(), dataset, chunk, kept);
        }
        return kept;
    }

    private Batch make(Dataset dataset, ChunkIndex.Chunk chunk) throws IOException {
        Set<Integer> bad = new HashSet<>(chunk.bad());
        int count = ChunkIndex.rows(chunk, dataset);
        boolean ownFiles = !index.validation().isEmpty();
        double fraction = ownFiles ? 0 : index.validationFraction();
        SourceFile file = index.files(dataset).get(chunk.file());
        try {
            FeaturePipeline.Rows rows = pipeline.rows(index.schema(), count, true);
            files.read(file, index.schema(), chunk.span(), (number, row) -> {
                long record = chunk.span().firstRecord() + number;
                boolean evaluated = ownFiles
                        ? dataset == Dataset.VALIDATION
                        : ChunkIndex.isValidation(index.seed(), fraction, chunk.file(), record);
                if (evaluated != (dataset == Dataset.VALIDATION) || !bad.isEmpty() && bad.contains(number)) {
                    return;
                }
                if (rows.size() == count) {
                    throw changed(file, "there are more good records than " + count);
                }
                try {
                    rows.add(row);
                } catch (BadRecordException e) {
                    throw changed(file, "record " + (record + 1) + ": " + e.getMessage());
                }
            });
            if (rows.size() < count) {
                throw changed(file, "there are " + rows.size() + " good records, not " + count);
            }
            return rows.batch();
        } catch (BadRecordException e) {
            throw changed(file, e.getMessage());
        }
    }

    private static BadSourceException changed(SourceFile file, @org.jspecify.annotations.Nullable String what) {
        return new BadSourceException(
                "a record that was good when indexed is not any more; did " + file.path() + " change? " + what);
    }
}
