package dev.sampo.ingestion.index;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.cluster.JobId;
import dev.sampo.cluster.store.Store;
import dev.sampo.ingestion.source.ChunkReader;
import dev.sampo.ingestion.source.RecordFormat;
import dev.sampo.ingestion.source.SourceFile;
import dev.sampo.ingestion.source.Unpacker;
import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;
import dev.sampo.model.feature.FeaturePipeline;
import dev.sampo.model.feature.FitStatistics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What one group of chunks amounts to: which rows can be used, and the statistics of those that are trained on. Groups are
 * fixed by the index, so merging them in order gives the same bits whoever made them.
 *
 * @param chunks the group's chunks with their row counts
 * @param badRecords number of records that can't be used
 * @param firstBad file, line and reason of the first, or null
 * @param statistics {@link FitStatistics#toBytes}; empty for validation files
 */
@SuppressWarnings("ArrayRecordComponent")
record GroupSummary(
        List<ChunkIndex.Chunk> chunks,
        long badRecords,
        @Nullable String firstBad,
        byte[] statistics) {
    /** Chunks of a group. */
    static final int CHUNKS = 32;

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Scans a file's record boundaries and leaves them in the store. */
    static void scan(JobId job, boolean train, int number, Store store, Unpacker unpacker) throws IOException {
        IngestPlan plan = JSON.readValue(store.read(IngestPlan.blob(job)), IngestPlan.class);
        ChunkIndex layout = JSON.readValue(store.read(IngestPlan.layoutBlob(job)), ChunkIndex.class);
        ChunkReader reader = new ChunkReader(Objects.requireNonNull(plan.data().format()), unpacker);
        SourceFile file = (train ? layout.trainFiles() : layout.validationFiles()).get(number);
        RecordFormat.Scan scan = reader.scan(file, plan.data().chunkRows());
        store.write(IngestPlan.scanBlob(job, train, number), JSON.writeValueAsBytes(scan));
    }

    /** Reads a group's rows, and leaves the summary in the store. */
    static void summarize(JobId job, boolean train, int number, Store store, Unpacker unpacker) throws IOException {
        IngestPlan plan = JSON.readValue(store.read(IngestPlan.blob(job)), IngestPlan.class);
        ChunkIndex layout = JSON.readValue(store.read(IngestPlan.layoutBlob(job)), ChunkIndex.class);
        var label = Objects.requireNonNull(plan.data().label());
        FitStatistics statistics =
                FitStatistics.empty(plan.features(), label, plan.data().weight(), layout.schema());
        FeaturePipeline pipeline = train
                ? null
                : FeaturePipeline.fromJson(
                        new String(store.read(IngestPlan.pipelineBlob(job)), StandardCharsets.UTF_8));
        ChunkReader reader = new ChunkReader(Objects.requireNonNull(plan.data().format()), unpacker);
        List<ChunkIndex.Chunk> all = train ? layout.train() : layout.validation();
        List<ChunkIndex.Chunk> done = new ArrayList<>();
        Tally tally = new Tally();
        for (ChunkIndex.Chunk chunk : all.subList(number * CHUNKS, Math.min(all.size(), (number + 1) * CHUNKS))) {
            SourceFile file = (train ? layout.trainFiles() : layout.validationFiles()).get(chunk.file());
            tally.begin();
            reader.readAll(file, layout.schema(), chunk.span(), new RecordFormat.Sink() {
                @Override
                public void row(int record, Row row) {
                    boolean held = train
                            && ChunkIndex.isValidation(
                                    layout.seed(),
                                    layout.validationFraction(),
                                    chunk.file(),
                                    chunk.span().firstRecord() + record);
                    try {
                        if (pipeline != null) {
                            pipeline.apply(layout.schema(), List.of(row), true);
                        } else if (held) {
                            // Checked, but its values must not leak into the fit.
                            FitStatistics.empty(
                                            plan.features(), label, plan.data().weight(), layout.schema())
                                    .add(row);
                        } else {
                            statistics.add(row);
                        }
                        tally.good(held || !train);
                    } catch (BadRecordException e) {
                        tally.bad(file, record, "record " + (chunk.span().firstRecord() + record + 1), e);
                    }
                }

                @Override
                public void bad(int record, long line, BadRecordException problem) {
                    tally.bad(file, record, "line " + line, problem);
                }
            });
            done.add(new ChunkIndex.Chunk(
                    chunk.file(), chunk.span(), tally.trained, tally.evaluated, List.copyOf(tally.bad)));
        }
        byte[] bytes = train ? statistics.toBytes() : new byte[0];
        store.write(
                IngestPlan.groupBlob(job, train, number),
                JSON.writeValueAsBytes(new GroupSummary(done, tally.badRecords, tally.firstBad, bytes)));
    }

    /** Counts while rows go by. */
    private static final class Tally {
        int trained;
        int evaluated;
        List<Integer> bad = new ArrayList<>();
        long badRecords;

        @Nullable String firstBad;

        void begin() {
            trained = 0;
            evaluated = 0;
            bad = new ArrayList<>();
        }

        void good(boolean evaluate) {
            if (evaluate) {
                evaluated++;
            } else {
                trained++;
            }
        }

        void bad(SourceFile file, int record, String where, BadRecordException problem) {
            bad.add(record);
            badRecords++;
            if (firstBad == null) {
                firstBad = file.path() + ", " + where + ": " + problem.getMessage();
            }
        }
    }
}
