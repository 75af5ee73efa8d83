package dev.sampo.bench.limit;

import com.sun.management.ThreadMXBean;
import dev.sampo.cluster.JobId;
import dev.sampo.cluster.store.FolderStore;
import dev.sampo.cluster.store.Store;
import dev.sampo.ingestion.index.IngestPlan;
import dev.sampo.ingestion.index.LocalIndexing;
import dev.sampo.ingestion.index.OnBadRecord;
import dev.sampo.ingestion.source.DataSpec;
import dev.sampo.ingestion.source.FormatSpec;
import dev.sampo.ingestion.source.Unpacker;
import dev.sampo.ingestion.stream.CacheSettings;
import dev.sampo.ingestion.stream.ChunkCache;
import dev.sampo.ingestion.stream.Dataset;
import dev.sampo.ingestion.stream.RankReader;
import dev.sampo.ingestion.stream.RankStream;
import dev.sampo.model.data.BatchBuffer;
import dev.sampo.model.data.Selection;
import dev.sampo.model.feature.LabelSpec;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What ingestion alone takes for an epoch's batches on one core: {@code FILE csv|libsvm BATCH SECONDS}. Prints rows a second of
 * a first epoch, which parses and transforms, of a second from memory and of a second from a spill file, and the bytes on the
 * heap for each batch of the second from memory. The best of all passes in the seconds given.
 */
public final class EpochRate {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final long MANY = 1L << 40;

    private final Store store;
    private final Path folder;
    private final IngestPlan plan;
    private final int steps;
    private final long rows;
    private final BatchBuffer buffer = new BatchBuffer();

    private EpochRate(Path folder, Path file, String format, int batch) throws IOException {
        this.folder = folder;
        store = new FolderStore(folder.resolve("store"));
        boolean libsvm = format.equals("libsvm");
        FormatSpec spec =
                new FormatSpec(format, null, null, null, null, null, null, libsvm ? 1 : null, null, null, null);
        LabelSpec label = new LabelSpec("label", "binary", null, null, null);
        DataSpec data =
                new DataSpec(List.of(file.toAbsolutePath().toString()), null, null, spec, label, null, null, null);
        plan = new IngestPlan(new JobId("bench-1"), data, null, 1, batch, 1, OnBadRecord.FAIL, false);
        rows = LocalIndexing.index(store, plan, unpacker()).rowsPerEpoch();
        steps = RankStream.stepsPerEpoch(rows, 1, batch);
    }

    public static void main(String[] args) throws IOException {
        if (args.length != 4) {
            throw new IllegalArgumentException("FILE csv|libsvm BATCH SECONDS");
        }
        Path folder = Files.createTempDirectory("sampo-bench");
        try {
            new EpochRate(folder, Path.of(args[0]), args[1], Integer.parseInt(args[2]))
                    .measure(Double.parseDouble(args[3]));
        } finally {
            try (Stream<Path> tree = Files.walk(folder)) {
                for (Path each : tree.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(each);
                }
            }
        }
    }

    private Unpacker unpacker() {
        return new Unpacker(folder.resolve("unpacked"));
    }

    private void measure(double seconds) throws IOException {
        CacheSettings memory = new CacheSettings(MANY, 0, 0, 0);
        CacheSettings disk = new CacheSettings(0, MANY, 0, 0);
        long until = System.nanoTime() + (long) (seconds * 1e9);
        Epochs kept = epochs(memory);
        Epochs spilled = epochs(disk);
        do {
            kept = kept.best(epochs(memory));
            spilled = spilled.best(epochs(disk));
        } while (System.nanoTime() < until);
        System.out.printf(
                Locale.ROOT,
                "{\"firstRowsPerSecond\": %.0f, \"memoryRowsPerSecond\": %.0f, \"diskRowsPerSecond\": %.0f,"
                        + " \"bytesPerBatch\": %.0f}%n",
                rows / kept.first,
                rows / kept.second,
                rows / spilled.second,
                kept.bytesPerBatch);
    }

    private record Epochs(double first, double second, double bytesPerBatch) {
        Epochs best(Epochs other) {
            return new Epochs(
                    Math.min(first, other.first),
                    Math.min(second, other.second),
                    Math.min(bytesPerBatch, other.bytesPerBatch));
        }
    }

    private Epochs epochs(CacheSettings settings) throws IOException {
        ChunkCache cache = new ChunkCache(settings, folder.resolve("spilled"));
        try (RankReader reader = new RankReader(plan.job(), store, unpacker(), cache)) {
            Selection[] spare = new Selection[1];
            double first = epoch(reader, 0, spare);
            // Arrays must have become as large as they get.
            epoch(reader, 1, spare);
            long bytes = THREADS.getCurrentThreadAllocatedBytes();
            double second = epoch(reader, 2, spare);
            return new Epochs(first, second, (double) (THREADS.getCurrentThreadAllocatedBytes() - bytes) / steps);
        }
    }

    /** Reads an epoch, puts the rows of each batch side by side, and gives it back with the next request. */
    private double epoch(RankReader reader, int epoch, @Nullable Selection[] spare) throws IOException {
        long began = System.nanoTime();
        for (int step = 0; step < steps; step++) {
            spare[0] = reader.batch(Dataset.TRAIN, epoch, 0, step, spare[0]);
            buffer.gather(spare[0]);
        }
        return (System.nanoTime() - began) / 1e9;
    }
}
