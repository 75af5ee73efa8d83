package dev.sampo.ingestion.index;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.cluster.JobId;
import dev.sampo.cluster.store.Store;
import dev.sampo.ingestion.source.DataSpec;
import dev.sampo.ingestion.source.FormatSpec;
import dev.sampo.ingestion.source.FormatType;
import dev.sampo.ingestion.source.RecordFormat;
import dev.sampo.ingestion.source.SourceFile;
import dev.sampo.ingestion.source.SourceFiles;
import dev.sampo.ingestion.stream.Dataset;
import dev.sampo.ingestion.stream.IngestEntity;
import dev.sampo.ingestion.stream.IngestSharding;
import dev.sampo.model.data.Schema;
import dev.sampo.model.feature.FeaturePipeline;
import dev.sampo.model.feature.FeatureUnits;
import dev.sampo.model.feature.FitStatistics;
import dev.sampo.model.spec.Problems;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;

/**
 * Indexes a job's data and fits its features, with the work spread over the ingest entities: boundaries file by file, then
 * statistics group by group, merged in group order. Lives from one {@link Outcome} to the next and stops with the last.
 */
public final class Indexing extends AbstractBehavior<Indexing.Command> {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int IN_FLIGHT = 8;
    private static final int ATTEMPTS = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(120);

    /** What indexing understands. */
    public sealed interface Command {}

    private record Answered(IndexTask.Result result) implements Command {}

    private record Late(IndexTask task) implements Command {}

    /** How far it is, or the end. */
    public sealed interface Outcome {}

    public record Progressed(double fraction, String what) implements Outcome {}

    public record Indexed(long rowsPerEpoch, long validationRows, long badRecords) implements Outcome {}

    public record Failed(String reason) implements Outcome {}

    private enum Phase {
        SCAN,
        TRAIN_ROWS,
        VALIDATION_ROWS
    }

    private final Store store;
    private final JobId job;
    private final TimerScheduler<Command> timers;
    private final ActorRef<ShardingEnvelope<IngestEntity.Command>> ingest;
    private final ActorRef<Outcome> replyTo;
    private final ActorRef<IndexTask.Result> answers;
    private final Deque<IndexTask> waiting = new ArrayDeque<>();
    private final Map<IndexTask, Integer> attempts = new HashMap<>();
    private IngestPlan plan;
    private ChunkIndex layout =
            new ChunkIndex(new Schema(List.of(), null), List.of(), List.of(), List.of(), List.of(), 0, 0);
    private Phase phase = Phase.SCAN;
    private int tasks;
    private int done;

    public static Behavior<Command> create(
            Store store,
            IngestPlan plan,
            ActorRef<ShardingEnvelope<IngestEntity.Command>> ingest,
            ActorRef<Outcome> replyTo) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            Indexing indexing = new Indexing(context, timers, store, plan, ingest, replyTo);
            return indexing.guarded(indexing::begin);
        }));
    }

    private Indexing(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            Store store,
            IngestPlan plan,
            ActorRef<ShardingEnvelope<IngestEntity.Command>> ingest,
            ActorRef<Outcome> replyTo) {
        super(context);
        this.timers = timers;
        this.store = store;
        this.plan = plan;
        this.ingest = ingest;
        this.replyTo = replyTo;
        job = plan.job();
        answers = context.messageAdapter(IndexTask.Result.class, Answered::new);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Answered.class, message -> guarded(() -> onAnswer(message.result())))
                .onMessage(Late.class, message -> guarded(() -> onLate(message.task())))
                .build();
    }

    private interface Step {
        boolean run() throws IOException;
    }

    /** Runs a step that says whether there is more to come; a fault is the outcome. */
    private Behavior<Command> guarded(Step step) {
        try {
            return step.run() ? this : Behaviors.stopped();
        } catch (IOException | RuntimeException e) {
            String message = e.getMessage();
            replyTo.tell(new Failed(
                    message == null || e instanceof java.nio.file.FileSystemException ? e.toString() : message));
            return Behaviors.stopped();
        }
    }

    private boolean begin() throws IOException {
        DataSpec data = plan.data();
        FormatType told = data.format() == null ? null : data.format().knownType();
        List<Path> train = SourceFiles.resolve("data.train", data.train(), told);
        FormatType type = told != null
                ? told
                : Objects.requireNonNull(
                        FormatType.ofFileName(String.valueOf(train.get(0).getFileName())),
                        "data.format.type: not given, and the name " + train.get(0)
                                + " does not tell it; set csv, tsv, libsvm, idx or jsonl");
        FormatSpec format = (data.format() == null ? FormatSpec.of(type.text()) : data.format()).withType(type);
        Problems problems = new Problems();
        format.check("data.format", problems);
        refuse(problems);
        List<Path> validation = data.validation().isEmpty()
                ? List.of()
                : SourceFiles.resolve("data.validation", data.validation(), type);
        plan = new IngestPlan(
                job,
                new DataSpec(
                        data.train(),
                        data.validation(),
                        data.validationFraction(),
                        format,
                        data.label(),
                        data.weight(),
                        data.chunkRows(),
                        data.shuffleWindow()),
                plan.features(),
                plan.ranks(),
                plan.batchSize(),
                plan.seed(),
                plan.onBadRecord());
        store.write(IngestPlan.blob(job), JSON.writeValueAsBytes(plan));
        layout = new ChunkIndex(
                layout.schema(),
                files("data.format.labels", train, format.labels()),
                files("data.format.validationLabels", validation, format.validationLabels()),
                List.of(),
                List.of(),
                data.validationFraction() == null ? 0 : data.validationFraction(),
                plan.seed());
        store.write(IngestPlan.layoutBlob(job), JSON.writeValueAsBytes(layout));
        enqueue(IndexTask.Kind.SCAN, true, train.size());
        enqueue(IndexTask.Kind.SCAN, false, validation.size());
        return dispatch();
    }

    private static void refuse(Problems problems) {
        if (!problems.all().isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", problems.all()));
        }
    }

    private static List<SourceFile> files(
            String key, List<Path> paths, @org.jspecify.annotations.Nullable List<String> labels) throws IOException {
        List<SourceFile> files = new ArrayList<>();
        if (labels != null && !paths.isEmpty()) {
            List<Path> found = SourceFiles.resolve(key, labels, FormatType.IDX);
            if (found.size() != paths.size()) {
                throw new IllegalArgumentException(
                        key + ": " + found.size() + " files for " + paths.size() + " data files");
            }
            for (int i = 0; i < paths.size(); i++) {
                files.add(new SourceFile(paths.get(i).toString(), found.get(i).toString()));
            }
        } else {
            paths.forEach(path -> files.add(new SourceFile(path.toString(), null)));
        }
        return files;
    }

    private void enqueue(IndexTask.Kind kind, boolean train, int count) {
        for (int i = 0; i < count; i++) {
            waiting.add(new IndexTask(job, kind, train, i));
        }
        tasks += count;
    }

    private boolean dispatch() {
        while (attempts.size() < IN_FLIGHT && !waiting.isEmpty()) {
            IndexTask task = waiting.remove();
            attempts.put(task, 1);
            send(task);
        }
        return true;
    }

    private void send(IndexTask task) {
        ingest.tell(new ShardingEnvelope<>(
                IngestSharding.entityId(job, task.number() % IN_FLIGHT), new IngestEntity.Index(task, answers)));
        timers.startSingleTimer(task, new Late(task), PATIENCE);
    }

    private boolean onLate(IndexTask task) {
        Integer made = attempts.get(task);
        if (made == null) {
            return true;
        }
        if (made == ATTEMPTS) {
            throw new IllegalStateException("no ingest node finished " + task.kind() + " " + task.number() + " within "
                    + ATTEMPTS + " x " + PATIENCE.toSeconds() + " s; look at the logs of the nodes with role ingest");
        }
        attempts.put(task, made + 1);
        send(task);
        return true;
    }

    private boolean onAnswer(IndexTask.Result result) throws IOException {
        if (attempts.remove(result.task()) == null) {
            return true;
        }
        timers.cancel(result.task());
        if (!result.reason().isEmpty()) {
            throw new IllegalStateException(result.reason());
        }
        done++;
        replyTo.tell(new Progressed((double) done / tasks, phase.name()));
        if (!waiting.isEmpty() || !attempts.isEmpty()) {
            return dispatch();
        }
        return switch (phase) {
            case SCAN -> layOut();
            case TRAIN_ROWS -> fit();
            case VALIDATION_ROWS -> finish();
        };
    }

    /** All boundaries are known: the schema, and every chunk without its row counts. */
    private boolean layOut() throws IOException {
        List<RecordFormat.Scan> train = scans(true, layout.trainFiles().size());
        List<RecordFormat.Scan> validation =
                scans(false, layout.validationFiles().size());
        RecordFormat.Scan first = train.get(0);
        int width = train.stream().mapToInt(RecordFormat.Scan::width).max().orElse(0);
        for (int i = 1; i < train.size(); i++) {
            sameColumns(
                    first,
                    layout.trainFiles().get(0),
                    train.get(i),
                    layout.trainFiles().get(i));
        }
        for (int i = 0; i < validation.size(); i++) {
            sameColumns(
                    first,
                    layout.trainFiles().get(0),
                    validation.get(i),
                    layout.validationFiles().get(i));
        }
        Schema schema = first.schema(width);
        Problems problems = new Problems();
        FeatureUnits.check(
                plan.features(),
                Objects.requireNonNull(plan.data().label()),
                plan.data().weight(),
                schema,
                problems);
        refuse(problems);
        layout = new ChunkIndex(
                schema,
                layout.trainFiles(),
                layout.validationFiles(),
                chunks(train),
                chunks(validation),
                layout.validationFraction(),
                layout.seed());
        store.write(IngestPlan.layoutBlob(job), JSON.writeValueAsBytes(layout));
        phase = Phase.TRAIN_ROWS;
        enqueue(IndexTask.Kind.SUMMARIZE, true, groups(layout.train().size()));
        return dispatch();
    }

    private List<RecordFormat.Scan> scans(boolean train, int count) throws IOException {
        List<RecordFormat.Scan> scans = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            scans.add(JSON.readValue(store.read(IngestPlan.scanBlob(job, train, i)), RecordFormat.Scan.class));
        }
        return scans;
    }

    private static void sameColumns(
            RecordFormat.Scan first, SourceFile firstFile, RecordFormat.Scan other, SourceFile file) {
        if (!first.columns().equals(other.columns())) {
            throw new IllegalArgumentException(file.path() + ": its columns are " + other.columns() + ", but those of "
                    + firstFile.path() + " are " + first.columns());
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

    private static int groups(int chunks) {
        return (chunks + GroupSummary.CHUNKS - 1) / GroupSummary.CHUNKS;
    }

    private boolean fit() throws IOException {
        var label = Objects.requireNonNull(plan.data().label());
        FitStatistics merged =
                FitStatistics.empty(plan.features(), label, plan.data().weight(), layout.schema());
        List<ChunkIndex.Chunk> chunks = new ArrayList<>();
        for (GroupSummary group : summaries(true)) {
            merged.merge(FitStatistics.fromBytes(
                    plan.features(), label, plan.data().weight(), layout.schema(), group.statistics()));
            chunks.addAll(group.chunks());
        }
        FeaturePipeline pipeline = merged.fit();
        store.write(IngestPlan.pipelineBlob(job), pipeline.toJson().getBytes(StandardCharsets.UTF_8));
        layout = new ChunkIndex(
                layout.schema(),
                layout.trainFiles(),
                layout.validationFiles(),
                chunks,
                layout.validation(),
                layout.validationFraction(),
                layout.seed());
        phase = Phase.VALIDATION_ROWS;
        if (layout.validation().isEmpty()) {
            return finish();
        }
        enqueue(IndexTask.Kind.SUMMARIZE, false, groups(layout.validation().size()));
        return dispatch();
    }

    private List<GroupSummary> summaries(boolean train) throws IOException {
        int count = groups((train ? layout.train() : layout.validation()).size());
        List<GroupSummary> groups = new ArrayList<>();
        long bad = 0;
        for (int i = 0; i < count; i++) {
            GroupSummary group = JSON.readValue(store.read(IngestPlan.groupBlob(job, train, i)), GroupSummary.class);
            bad += group.badRecords();
            if (group.badRecords() > 0 && !plan.onBadRecord().skips()) {
                throw new IllegalArgumentException(
                        group.firstBad() + " (set onBadRecord: {action: skip, max: n} to leave such records out)");
            }
            if (bad > plan.onBadRecord().max() && plan.onBadRecord().skips()) {
                throw new IllegalArgumentException("more than onBadRecord.max = "
                        + plan.onBadRecord().max() + " bad records; the last group's first: " + group.firstBad());
            }
            groups.add(group);
        }
        return groups;
    }

    private boolean finish() throws IOException {
        List<ChunkIndex.Chunk> validation = new ArrayList<>();
        if (!layout.validation().isEmpty()) {
            summaries(false).forEach(group -> validation.addAll(group.chunks()));
        }
        ChunkIndex index = new ChunkIndex(
                layout.schema(),
                layout.trainFiles(),
                layout.validationFiles(),
                layout.train(),
                validation,
                layout.validationFraction(),
                layout.seed());
        store.write(IngestPlan.indexBlob(job), JSON.writeValueAsBytes(index));
        long bad = index.train().stream().mapToLong(chunk -> chunk.bad().size()).sum()
                + validation.stream().mapToLong(chunk -> chunk.bad().size()).sum();
        boolean evaluated = !validation.isEmpty() || layout.validationFraction() > 0;
        replyTo.tell(new Indexed(index.rows(Dataset.TRAIN), evaluated ? index.rows(Dataset.VALIDATION) : 0, bad));
        return false;
    }
}
