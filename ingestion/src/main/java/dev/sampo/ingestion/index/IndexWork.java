package dev.sampo.ingestion.index;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.cluster.JobId;
import dev.sampo.cluster.store.Store;
import dev.sampo.ingestion.source.ChunkReader;
import dev.sampo.ingestion.source.RecordFormat;
import dev.sampo.ingestion.source.SourceFile;
import dev.sampo.ingestion.source.Unpacker;
import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.RawRow;
import dev.sampo.model.feature.FeaturePipeline;
import dev.sampo.model.feature.FitStatistics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Does the {@link IndexTask}s of one job. Keeps what the tasks share, as the layout of a large source is long to read.
 * Not thread-safe; an ingest entity owns it.
 */
public final class IndexWork {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final JobId job;
    private final Store store;
    private final Unpacker unpacker;
    private @Nullable IngestPlan plan;
    private @Nullable ChunkReader reader;
    private @Nullable ChunkIndex layout;
    private @Nullable FeaturePipeline pipeline;

    public IndexWork(JobId job, Store store, Unpacker unpacker) {
        this.job = job;
        this.store = store;
        this.unpacker = unpacker;
    }

    public JobId job() {
        return job;
    }

    /** Does a task of this job and leaves its result in the store. */
    public void run(IndexTask task) throws IOException {
        switch (task.kind()) {
            case LIST -> list();
            case SCAN -> scan(task.train(), task.number());
            case SUMMARIZE -> summarize(task.train(), task.number());
        }
    }

    private void list() throws IOException {
        SourceListing listing = SourceListing.of(JSON.readValue(store.read(IngestPlan.blob(job)), IngestPlan.class));
        store.write(IngestPlan.filesBlob(job), JSON.writeValueAsBytes(listing.files()));
        store.write(IngestPlan.blob(job), JSON.writeValueAsBytes(listing.plan()));
    }

    private IngestPlan plan() throws IOException {
        if (plan == null) {
            plan = JSON.readValue(store.read(IngestPlan.blob(job)), IngestPlan.class);
        }
        return plan;
    }

    private ChunkReader reader() throws IOException {
        if (reader == null) {
            reader = new ChunkReader(Objects.requireNonNull(plan().data().format()), unpacker);
        }
        return reader;
    }

    private void scan(boolean train, int number) throws IOException {
        ChunkIndex files = JSON.readValue(store.read(IngestPlan.filesBlob(job)), ChunkIndex.class);
        SourceFile file = (train ? files.trainFiles() : files.validationFiles()).get(number);
        RecordFormat.Scan scan = reader().scan(file, plan().data().chunkRows());
        store.write(IngestPlan.scanBlob(job, train, number), JSON.writeValueAsBytes(scan));
    }

    private void summarize(boolean train, int number) throws IOException {
        ChunkIndex all = layout();
        List<ChunkIndex.Chunk> chunks = train ? all.train() : all.validation();
        int from = number * GroupSummary.CHUNKS;
        List<ChunkIndex.Chunk> group = chunks.subList(from, Math.min(chunks.size(), from + GroupSummary.CHUNKS));
        GroupSummary summary = train ? trained(all, group) : evaluated(all, group);
        store.write(IngestPlan.groupBlob(job, train, number), JSON.writeValueAsBytes(summary));
    }

    private ChunkIndex layout() throws IOException {
        if (layout == null) {
            layout = JSON.readValue(store.read(IngestPlan.layoutBlob(job)), ChunkIndex.class);
        }
        return layout;
    }

    private FeaturePipeline pipeline() throws IOException {
        if (pipeline == null) {
            pipeline = FeaturePipeline.fromJson(
                    new String(store.read(IngestPlan.pipelineBlob(job)), StandardCharsets.UTF_8));
        }
        return pipeline;
    }

    /** What is done with a good row; says whether it is evaluated on rather than trained on. */
    private interface Use {
        boolean row(ChunkIndex.Chunk chunk, int record, RawRow row) throws BadRecordException;
    }

    private GroupSummary trained(ChunkIndex all, List<ChunkIndex.Chunk> group) throws IOException {
        FitStatistics statistics = FitStatistics.empty(
                plan().features(),
                Objects.requireNonNull(plan().data().label()),
                plan().data().weight(),
                all.schema());
        Tally tally = read(all.schema(), all.trainFiles(), group, (chunk, record, row) -> {
            long number = chunk.span().firstRecord() + record;
            boolean held = ChunkIndex.isValidation(all.seed(), all.validationFraction(), chunk.file(), number);
            if (held) {
                statistics.addHeldOut(row);
            } else {
                statistics.add(row);
            }
            return held;
        });
        return tally.summary(statistics.toBytes());
    }

    private GroupSummary evaluated(ChunkIndex all, List<ChunkIndex.Chunk> group) throws IOException {
        FeaturePipeline fitted = pipeline();
        return read(all.schema(), all.validationFiles(), group, (chunk, record, row) -> {
                    fitted.rows(all.schema(), 1, true).add(row);
                    return true;
                })
                .summary(new byte[0]);
    }

    private Tally read(
            dev.sampo.model.data.Schema schema, List<SourceFile> files, List<ChunkIndex.Chunk> group, Use use)
            throws IOException {
        Tally tally = new Tally();
        for (ChunkIndex.Chunk chunk : group) {
            SourceFile file = files.get(chunk.file());
            tally.begin();
            reader().readAll(file, schema, chunk.span(), new RecordFormat.Sink() {
                @Override
                public void row(int record, long line, RawRow row) {
                    try {
                        tally.good(use.row(chunk, record, row));
                    } catch (BadRecordException e) {
                        bad(record, line, e);
                    }
                }

                @Override
                public void bad(int record, long line, BadRecordException problem) {
                    tally.bad(record, file.path() + ", line " + line + ": " + problem.getMessage());
                }
            });
            tally.end(chunk);
        }
        return tally;
    }

    /** Counts while the rows of a group go by. */
    private static final class Tally {
        private final List<ChunkIndex.Chunk> chunks = new ArrayList<>();
        private int trained;
        private int evaluated;
        private List<Integer> bad = new ArrayList<>();
        private long badRecords;
        private @Nullable String firstBad;

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

        void bad(int record, String what) {
            bad.add(record);
            badRecords++;
            if (firstBad == null) {
                firstBad = what;
            }
        }

        void end(ChunkIndex.Chunk chunk) {
            chunks.add(new ChunkIndex.Chunk(chunk.file(), chunk.span(), trained, evaluated, List.copyOf(bad)));
        }

        GroupSummary summary(byte[] statistics) {
            return new GroupSummary(chunks, badRecords, firstBad, statistics);
        }
    }
}
