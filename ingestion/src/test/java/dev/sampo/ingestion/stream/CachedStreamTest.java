package dev.sampo.ingestion.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.cluster.JobId;
import dev.sampo.cluster.store.FolderStore;
import dev.sampo.cluster.store.Store;
import dev.sampo.ingestion.index.ChunkIndex;
import dev.sampo.ingestion.index.IngestPlan;
import dev.sampo.ingestion.index.OnBadRecord;
import dev.sampo.ingestion.source.DataSpec;
import dev.sampo.ingestion.source.FormatSpec;
import dev.sampo.ingestion.source.RecordFormat;
import dev.sampo.ingestion.source.SourceFile;
import dev.sampo.ingestion.source.Span;
import dev.sampo.ingestion.source.Unpacker;
import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.BatchBuffer;
import dev.sampo.model.data.RawRow;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Selection;
import dev.sampo.model.feature.FeaturePipeline;
import dev.sampo.model.feature.FitStatistics;
import dev.sampo.model.feature.LabelSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Goal: what is cached, spilled, prepared ahead, or written into arrays that were used before, never shows in a batch. Method:
 * every batch of random jobs is compared, bit for bit, with rows that are picked by the rank stream from the whole file and
 * transformed one batch at a time; readers come and go as ingest nodes do.
 */
class CachedStreamTest {
    private static final BatchBuffer BUFFER = new BatchBuffer();

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    static List<Integer> seeds() {
        return IntStream.range(0, 60).boxed().toList();
    }

    /** A job whose index was made, and what its batches must be. */
    private final class Job {
        final JobId id;
        final IngestPlan plan;
        final ChunkIndex index;
        final FeaturePipeline pipeline;
        final Path file;
        final Store store;
        private final List<List<Row>> train = new ArrayList<>();
        private final List<List<Row>> held = new ArrayList<>();

        Job(String name, int seed) throws IOException, BadRecordException {
            id = new JobId(name);
            Random random = new Random(seed);
            boolean libsvm = random.nextBoolean();
            file = Files.writeString(folder.resolve(name + ".data"), libsvm ? libsvm(random) : csv(random));
            FormatSpec format = new FormatSpec(
                    libsvm ? "libsvm" : "csv", null, null, null, null, null, null, libsvm ? 1 : null, null, null, null);
            String weight = !libsvm && random.nextBoolean() ? "w" : null;
            LabelSpec label = new LabelSpec("label", "binary", null, null, null);
            DataSpec data = new DataSpec(
                    List.of(file.toString()),
                    null,
                    0.2,
                    format,
                    label,
                    weight,
                    1 + random.nextInt(40),
                    1 + random.nextInt(120));
            plan = new IngestPlan(
                    id,
                    data,
                    null,
                    1 + random.nextInt(3),
                    1 + random.nextInt(20),
                    seed,
                    new OnBadRecord("skip", 1000),
                    false);
            RecordFormat reader = RecordFormat.of(format);
            RecordFormat.Scan scan = reader.scan(file, null, data.chunkRows());
            List<ChunkIndex.Chunk> chunks = new ArrayList<>();
            FitStatistics statistics = FitStatistics.empty(null, label, weight, scan.schema(0));
            for (Span span : scan.spans()) {
                chunks.add(chunk(reader, scan, span, statistics));
            }
            index = new ChunkIndex(
                    scan.schema(0),
                    List.of(new SourceFile(file.toString(), null)),
                    List.of(),
                    chunks,
                    List.of(),
                    0.2,
                    seed);
            pipeline = statistics.fit();
            store = new FolderStore(folder.resolve("store"));
            store.write(IngestPlan.blob(id), JSON.writeValueAsBytes(plan));
            store.write(IngestPlan.indexBlob(id), JSON.writeValueAsBytes(index));
            store.write(IngestPlan.pipelineBlob(id), pipeline.toJson().getBytes(StandardCharsets.UTF_8));
        }

        private ChunkIndex.Chunk chunk(RecordFormat reader, RecordFormat.Scan scan, Span span, FitStatistics statistics)
                throws IOException {
            List<Row> trained = new ArrayList<>();
            List<Row> evaluated = new ArrayList<>();
            List<Integer> bad = new ArrayList<>();
            reader.read(file, null, scan.schema(0), span, new RecordFormat.Sink() {
                @Override
                public void row(int number, long line, RawRow row) {
                    String[] cells = new String[row.size()];
                    for (int i = 0; i < cells.length; i++) {
                        cells[i] = row.text(i);
                    }
                    Row kept = new Row(cells, row.vector());
                    boolean isHeld = ChunkIndex.isValidation(plan.seed(), 0.2, 0, span.firstRecord() + number);
                    try {
                        if (isHeld) {
                            statistics.addHeldOut(kept);
                        } else {
                            statistics.add(kept);
                        }
                        (isHeld ? evaluated : trained).add(kept);
                    } catch (BadRecordException e) {
                        bad.add(number);
                    }
                }

                @Override
                public void bad(int number, long line, BadRecordException problem) {
                    bad.add(number);
                }
            });
            train.add(trained);
            held.add(evaluated);
            return new ChunkIndex.Chunk(0, span, trained.size(), evaluated.size(), bad);
        }

        byte[] expected(Dataset dataset, int epoch, int rank, int number) throws BadRecordException {
            RankStream stream = new RankStream(plan, index, dataset, epoch, rank);
            List<Row> rows = new ArrayList<>();
            for (int window = 0; (long) window * stream.window() < stream.rows(); window++) {
                List<Row> unshuffled = new ArrayList<>();
                for (RankStream.Piece piece : stream.pieces(window)) {
                    List<Row> of = (dataset == Dataset.TRAIN ? train : held).get(piece.chunk());
                    unshuffled.addAll(of.subList(piece.from(), piece.to()));
                }
                for (int at : stream.order(window)) {
                    rows.add(unshuffled.get(at));
                }
            }
            int from = Math.min(rows.size(), number * plan.batchSize());
            int to = Math.min(rows.size(), from + plan.batchSize());
            return BatchCodec.encode(pipeline.apply(index.schema(), rows.subList(from, to), true));
        }

        int batches(Dataset dataset) {
            return 1 + RankStream.stepsPerEpoch(index.rows(dataset), plan.ranks(), plan.batchSize());
        }

        RankReader reader(ChunkCache cache) throws IOException {
            return new RankReader(id, store, new Unpacker(folder.resolve("unpacked")), cache);
        }
    }

    private static String csv(Random random) {
        StringBuilder text = new StringBuilder("label,x,color,w\n");
        for (int i = 100 + random.nextInt(400); i > 0; i--) {
            String color = List.of("red", "blue", "\"sky, blue\"", "green").get(random.nextInt(4));
            String x = random.nextInt(30) == 0 ? "much" : Double.toString(random.nextGaussian());
            text.append(
                    String.format(Locale.ROOT, "%d,%s,%s,%.2f%n", random.nextInt(2), x, color, random.nextDouble()));
        }
        return text + "1,0,red,1\n0,0,red,1\n";
    }

    private static String libsvm(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = 100 + random.nextInt(400); i > 0; i--) {
            text.append(random.nextBoolean() ? "+1" : "-1");
            for (int index = 1 + random.nextInt(90); index < 200; index += 1 + random.nextInt(90)) {
                text.append(' ').append(index).append(':').append(random.nextInt(9) * 0.25);
            }
            text.append(random.nextInt(40) == 0 ? " x:1\n" : "\n");
        }
        return text + "+1 200:1\n-1 200:2\n";
    }

    private ChunkCache cache(long memory, long disk, long ahead) {
        return new ChunkCache(new CacheSettings(memory, disk, 0, ahead), folder.resolve("scratch"));
    }

    private List<Path> spilled() throws IOException {
        if (!Files.exists(folder.resolve("scratch"))) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder.resolve("scratch"))) {
            return files.toList();
        }
    }

    /** Memory only, disk only, some of both, little of both, nothing; with and without preparation. */
    private ChunkCache anyCache(Random random) {
        long[] sizes = {0, 3_000, 20_000, 1 << 30};
        return cache(
                sizes[random.nextInt(4)],
                sizes[random.nextInt(4)],
                random.nextBoolean() ? sizes[random.nextInt(4)] : 0);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void whatIsKeptNeverShowsInABatch(int seed) throws Exception {
        Job job = new Job("j-1", seed);
        Random random = new Random(~seed);
        ChunkCache cache = anyCache(random);
        List<RankReader> readers = new ArrayList<>();
        for (int rank = 0; rank < job.plan.ranks(); rank++) {
            readers.add(job.reader(cache));
        }
        Deque<Selection> spares = new ArrayDeque<>();
        for (int epoch = 0; epoch < 3; epoch++) {
            for (int number = 0; number < job.batches(Dataset.TRAIN); number++) {
                for (int rank = 0; rank < readers.size(); rank++) {
                    if (random.nextInt(60) == 0) {
                        // The node died: another one begins in the middle, with nothing kept.
                        readers.set(rank, job.reader(anyCache(random)));
                    }
                    int asked = random.nextInt(20) == 0 ? random.nextInt(number + 1) : number;
                    check(job, readers.get(rank), Dataset.TRAIN, epoch, rank, asked, spares, random);
                    assertThat(cache.memoryBytes())
                            .isLessThanOrEqualTo(cache.settings().memoryBytes());
                    assertThat(cache.diskBytes())
                            .isLessThanOrEqualTo(cache.settings().diskBytes());
                }
            }
            for (int number = 0; number < job.batches(Dataset.VALIDATION); number++) {
                for (int rank = 0; rank < readers.size(); rank++) {
                    check(job, readers.get(rank), Dataset.VALIDATION, 0, rank, number, spares, random);
                }
            }
        }
    }

    private static void check(
            Job job,
            RankReader reader,
            Dataset dataset,
            int epoch,
            int rank,
            int number,
            Deque<Selection> spares,
            Random random)
            throws Exception {
        Selection rows = reader.batch(dataset, epoch, rank, number, random.nextBoolean() ? spares.poll() : null);
        byte[] bytes = BatchCodec.encode(BUFFER.gather(rows));
        assertThat(bytes)
                .as("%s epoch %d rank %d batch %d", dataset, epoch, rank, number)
                .isEqualTo(job.expected(dataset, epoch, rank, number));
        spares.add(random.nextInt(5) == 0 ? Selection.all(BatchCodec.decode(bytes)) : rows);
        for (int i = random.nextInt(3); i > 0 && reader.mayPrepare(); i--) {
            reader.prepare();
        }
    }

    /** Reads an epoch of rank 0 and compares it. */
    private static void epoch(Job job, RankReader reader, int epoch) throws Exception {
        for (int number = 0; number < job.batches(Dataset.TRAIN); number++) {
            assertThat(BatchCodec.encode(BUFFER.gather(reader.batch(Dataset.TRAIN, epoch, 0, number, null))))
                    .isEqualTo(job.expected(Dataset.TRAIN, epoch, 0, number));
        }
    }

    /** A job of one rank, so that an epoch of the rank reads every chunk. */
    private Job jobOfOneRank(String name) throws Exception {
        for (int each = 0; ; each++) {
            Job job = new Job(name, each);
            if (job.plan.ranks() == 1 && job.index.train().size() > 4) {
                return job;
            }
        }
    }

    @Test
    void aSecondEpochNeedsNoFile() throws Exception {
        for (ChunkCache cache : List.of(cache(1 << 30, 0, 0), cache(0, 1 << 30, 0), cache(5_000, 1 << 30, 0))) {
            Job job = jobOfOneRank("j-2");
            try (RankReader reader = job.reader(cache)) {
                epoch(job, reader, 0);
                Files.delete(job.file);
                epoch(job, reader, 1);
                epoch(job, reader, 2);
            }
            assertThat(cache.memoryBytes()).isZero();
            assertThat(cache.diskBytes()).isZero();
            assertThat(spilled()).as("files of a job that ended").isEmpty();
        }
    }

    @Test
    void withoutACacheTheFileIsReadAgain() throws Exception {
        Job job = jobOfOneRank("j-3");
        try (RankReader reader = job.reader(cache(0, 0, 0))) {
            epoch(job, reader, 0);
            Files.delete(job.file);
            assertThatThrownBy(() -> epoch(job, reader, 1)).hasMessageContaining("j-3.data is missing");
        }
    }

    @Test
    void aDamagedSpillIsNoticedAndMadeAgain() throws Exception {
        Job job = jobOfOneRank("j-4");
        try (RankReader reader = job.reader(cache(0, 1 << 30, 0))) {
            epoch(job, reader, 0);
            assertThat(spilled()).hasSize(1);
            byte[] bytes = Files.readAllBytes(spilled().get(0));
            long before = bytes.length;
            for (int i = 0; i < bytes.length; i += 97) {
                bytes[i] ^= 1;
            }
            Files.write(spilled().get(0), bytes);
            epoch(job, reader, 1);
            assertThat(Files.size(spilled().get(0)))
                    .as("chunks were spilled again")
                    .isGreaterThan(before);
            // Cut off as a whole: the same.
            Files.write(spilled().get(0), new byte[0]);
            epoch(job, reader, 2);
            Files.delete(job.file);
            epoch(job, reader, 3);
        }
    }

    @Test
    void aDiskThatFailsOnlySwitchesItsCacheOff() throws Exception {
        Job job = jobOfOneRank("j-5");
        Path noFolder = Files.writeString(folder.resolve("file"), "in the way");
        ChunkCache broken = new ChunkCache(new CacheSettings(0, 1 << 30, 0, 0), noFolder);
        ChunkCache full = new ChunkCache(new CacheSettings(0, 1 << 30, Long.MAX_VALUE / 2, 0), folder.resolve("full"));
        for (ChunkCache cache : List.of(broken, full)) {
            try (RankReader reader = job.reader(cache)) {
                epoch(job, reader, 0);
                epoch(job, reader, 1);
                assertThat(cache.diskBytes()).isZero();
            }
        }
    }

    @Test
    void theJobAtWorkTakesTheRoomOfOneThatIsNot() throws Exception {
        Job old = jobOfOneRank("j-6");
        Job work = jobOfOneRank("j-7");
        ChunkCache measure = cache(1 << 30, 0, 0);
        try (RankReader reader = old.reader(measure)) {
            epoch(old, reader, 0);
            ChunkCache cache = cache(measure.memoryBytes(), 0, 0);
            try (RankReader idle = old.reader(cache);
                    RankReader busy = work.reader(cache)) {
                epoch(old, idle, 0);
                assertThat(cache.memoryBytes()).isEqualTo(cache.settings().memoryBytes());
                epoch(work, busy, 0);
                Files.delete(work.file);
                epoch(work, busy, 1);
                epoch(old, idle, 1);
            }
        }
    }

    @Test
    void aFileThatChangedIsNamed() throws Exception {
        Job job = jobOfOneRank("j-8");
        String text = Files.readString(job.file);
        Files.writeString(job.file, text.replaceAll("(?m)^([+-]?)1", "$1z"));
        try (RankReader reader = job.reader(cache(0, 0, 0))) {
            assertThatThrownBy(() -> epoch(job, reader, 0))
                    .hasMessageContaining("j-8.data")
                    .hasMessageContaining("change");
        }
    }
}
