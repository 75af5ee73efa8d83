package dev.sampo.ingestion.index;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.cluster.JobId;
import dev.sampo.cluster.store.Store;
import dev.sampo.ingestion.source.RecordFormat;
import dev.sampo.ingestion.source.SourceFile;
import dev.sampo.ingestion.stream.Dataset;
import dev.sampo.model.data.Schema;
import dev.sampo.model.feature.FeatureUnits;
import dev.sampo.model.feature.FitStatistics;
import dev.sampo.model.feature.LabelSpec;
import dev.sampo.model.spec.Problems;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Puts a job's chunk index and feature pipeline together from what {@link IndexWork} left in the store: boundaries, then
 * statistics, merged in group order. Each step gives the tasks of the next. Holds one group's statistics at a time.
 */
final class IndexBuilder {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final Store store;
    private final JobId job;
    private IngestPlan plan;
    private ChunkIndex layout =
            new ChunkIndex(new Schema(List.of(), null), List.of(), List.of(), List.of(), List.of(), 0, 0);
    private long badRecords;

    IndexBuilder(Store store, IngestPlan plan) {
        this.store = store;
        this.plan = plan;
        job = plan.job();
    }

    /** The files are to be listed by a node that sees them. */
    List<IndexTask> begin() throws IOException {
        store.write(IngestPlan.blob(job), JSON.writeValueAsBytes(plan));
        return tasks(IndexTask.Kind.LIST, true, 1);
    }

    /** The files are known; the boundaries of each are to be scanned. */
    List<IndexTask> listed() throws IOException {
        plan = JSON.readValue(store.read(IngestPlan.blob(job)), IngestPlan.class);
        layout = JSON.readValue(store.read(IngestPlan.filesBlob(job)), ChunkIndex.class);
        List<IndexTask> tasks =
                tasks(IndexTask.Kind.SCAN, true, layout.trainFiles().size());
        tasks.addAll(tasks(IndexTask.Kind.SCAN, false, layout.validationFiles().size()));
        return tasks;
    }

    private List<IndexTask> tasks(IndexTask.Kind kind, boolean train, int count) {
        List<IndexTask> tasks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            tasks.add(new IndexTask(job, kind, train, i));
        }
        return tasks;
    }

    /** All boundaries are known: the schema, and every chunk without its row counts. The training rows are to be read. */
    List<IndexTask> layOut() throws IOException {
        List<RecordFormat.Scan> train = scans(true, layout.trainFiles());
        List<RecordFormat.Scan> validation = scans(false, layout.validationFiles());
        RecordFormat.Scan first = train.get(0);
        String firstPath = layout.trainFiles().get(0).path();
        sameColumns(first, firstPath, train, layout.trainFiles());
        sameColumns(first, firstPath, validation, layout.validationFiles());
        int width = train.stream().mapToInt(RecordFormat.Scan::width).max().orElse(0);
        Schema schema = first.schema(width);
        Problems problems = new Problems();
        FeatureUnits.check(plan.features(), label(), plan.data().weight(), schema, problems);
        problems.orThrow(IllegalArgumentException::new);
        layout = new ChunkIndex(
                schema,
                layout.trainFiles(),
                layout.validationFiles(),
                chunks(train),
                chunks(validation),
                layout.validationFraction(),
                layout.seed());
        store.write(IngestPlan.layoutBlob(job), JSON.writeValueAsBytes(layout));
        return tasks(
                IndexTask.Kind.SUMMARIZE,
                true,
                GroupSummary.groups(layout.train().size()));
    }

    private LabelSpec label() {
        return Objects.requireNonNull(plan.data().label());
    }

    private List<RecordFormat.Scan> scans(boolean train, List<SourceFile> files) throws IOException {
        List<RecordFormat.Scan> scans = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            scans.add(JSON.readValue(store.read(IngestPlan.scanBlob(job, train, i)), RecordFormat.Scan.class));
        }
        return scans;
    }

    private static void sameColumns(
            RecordFormat.Scan first, String firstPath, List<RecordFormat.Scan> scans, List<SourceFile> files) {
        for (int i = 0; i < scans.size(); i++) {
            if (!first.columns().equals(scans.get(i).columns())) {
                throw new IllegalArgumentException(files.get(i).path() + ": its columns are "
                        + scans.get(i).columns() + ", but those of " + firstPath + " are " + first.columns());
            }
        }
    }

    private static List<ChunkIndex.Chunk> chunks(List<RecordFormat.Scan> scans) {
        List<ChunkIndex.Chunk> chunks = new ArrayList<>();
        for (int file = 0; file < scans.size(); file++) {
            for (var span : scans.get(file).spans()) {
                chunks.add(new ChunkIndex.Chunk(file, span, 0, 0, List.of()));
            }
        }
        return chunks;
    }

    /** Fits the features to the training rows. The validation files' rows are to be read, if there are any. */
    List<IndexTask> fit() throws IOException {
        FitStatistics merged =
                FitStatistics.empty(plan.features(), label(), plan.data().weight(), layout.schema());
        List<ChunkIndex.Chunk> chunks = new ArrayList<>();
        for (int i = 0; i < GroupSummary.groups(layout.train().size()); i++) {
            GroupSummary group = group(true, i);
            merged.merge(FitStatistics.fromBytes(
                    plan.features(), label(), plan.data().weight(), layout.schema(), group.statistics()));
            chunks.addAll(group.chunks());
        }
        store.write(
                IngestPlan.pipelineBlob(job),
                merged.fit(plan.skipsZeros()).toJson().getBytes(StandardCharsets.UTF_8));
        layout = layout.withChunks(chunks, layout.validation());
        return tasks(
                IndexTask.Kind.SUMMARIZE,
                false,
                GroupSummary.groups(layout.validation().size()));
    }

    /** A group's summary, with its bad records counted against the spec's maximum over all data. */
    private GroupSummary group(boolean train, int number) throws IOException {
        GroupSummary group = JSON.readValue(store.read(IngestPlan.groupBlob(job, train, number)), GroupSummary.class);
        badRecords += group.badRecords();
        if (group.badRecords() > 0 && !plan.onBadRecord().skips()) {
            throw new IllegalArgumentException(
                    group.firstBad() + " (set onBadRecord: {action: skip, max: n} to leave such records out)");
        }
        if (badRecords > plan.onBadRecord().max() && plan.onBadRecord().skips()) {
            throw new IllegalArgumentException("more than onBadRecord.max = "
                    + plan.onBadRecord().max() + " bad records, among them " + group.firstBad());
        }
        return group;
    }

    /** Writes the finished index. */
    Indexing.Indexed finish() throws IOException {
        List<ChunkIndex.Chunk> validation = new ArrayList<>();
        for (int i = 0; i < GroupSummary.groups(layout.validation().size()); i++) {
            validation.addAll(group(false, i).chunks());
        }
        ChunkIndex index = layout.withChunks(layout.train(), validation);
        store.write(IngestPlan.indexBlob(job), JSON.writeValueAsBytes(index));
        boolean evaluated = !validation.isEmpty() || layout.validationFraction() > 0;
        return new Indexing.Indexed(
                index.rows(Dataset.TRAIN), evaluated ? index.rows(Dataset.VALIDATION) : 0, badRecords);
    }
}
