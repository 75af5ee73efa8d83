package dev.sampo.ingestion.stream;

import dev.sampo.cluster.JobId;
import dev.sampo.model.data.Batch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The transformed rows of chunks that a node has read: in memory up to a limit, then in a file of the scratch folder up to
 * another, then not at all (invariant I7). What is kept is a chunk's rows in the order of the file, which are the same in every
 * epoch and for every rank; nothing depends on what is kept but time. All ingest entities of a node share it. Thread-safe.
 *
 * <p>What has come in stays while its job lasts: every epoch reads every chunk once, so to drop the oldest for the newest would
 * lose each one just before it is needed. A job that needs room takes that of other jobs, since one is at work at a time.
 */
public final class ChunkCache {
    private static final Logger LOG = LoggerFactory.getLogger(ChunkCache.class);
    private final CacheSettings settings;
    private final Path folder;
    /** The oldest first. */
    private final Map<JobId, Kept> jobs = new LinkedHashMap<>();

    private long memoryBytes;
    private long diskBytes;
    private boolean diskFailed;

    /** What a chunk is in: either is null. */
    private record Entry(@Nullable Batch rows, SpillFile.@Nullable Place place) {}

    private record Key(Dataset dataset, int chunk) {}

    /** What is kept of one job. */
    private static final class Kept {
        private final Map<Key, Entry> chunks = new HashMap<>();
        private @Nullable SpillFile file;
        private int users;
        private long memoryBytes;
        private long diskBytes;
    }

    /** @param folder for spilled chunks, of this node alone and emptied when it starts; made when needed */
    public ChunkCache(CacheSettings settings, Path folder) {
        this.settings = settings;
        this.folder = folder;
    }

    CacheSettings settings() {
        return settings;
    }

    /** One more reader uses what is kept of a job. */
    synchronized void open(JobId job) {
        jobs.computeIfAbsent(job, fresh -> new Kept()).users++;
    }

    /** A reader is through; with the last one everything of its job goes. */
    synchronized void close(JobId job) {
        Kept kept = jobs.get(job);
        if (kept != null && --kept.users == 0) {
            LOG.info(
                    "job={} cache dropped, memory_bytes={} disk_bytes={} chunks={}",
                    job,
                    kept.memoryBytes,
                    kept.diskBytes,
                    kept.chunks.size());
            drop(kept);
            jobs.remove(job);
        }
    }

    /** The rows of a chunk, or null if they must be made; whoever gets them does not write to them. */
    @Nullable Batch get(JobId job, Dataset dataset, int chunk) {
        Key key = new Key(dataset, chunk);
        Entry entry;
        SpillFile file;
        synchronized (this) {
            Kept kept = jobs.get(job);
            entry = kept == null ? null : kept.chunks.get(key);
            file = kept == null ? null : kept.file;
        }
        if (entry == null || entry.place == null || file == null) {
            return entry == null ? null : entry.rows;
        }
        try {
            return file.read(entry.place);
        } catch (IOException | IllegalArgumentException e) {
            LOG.warn("job={} a spilled chunk is damaged and made again: {}", job, e.toString());
            synchronized (this) {
                Kept kept = jobs.get(job);
                if (kept != null) {
                    kept.chunks.remove(key, entry);
                }
            }
            return null;
        }
    }

    /** Keeps the rows of a chunk if there is room; the caller does not write to them again. */
    void put(JobId job, Dataset dataset, int chunk, Batch rows) {
        Key key = new Key(dataset, chunk);
        long bytes = BatchCodec.size(rows);
        SpillFile file;
        synchronized (this) {
            Kept kept = jobs.get(job);
            if (kept == null || kept.chunks.containsKey(key)) {
                return;
            }
            makeRoom(job, bytes);
            if (memoryBytes + bytes <= settings.memoryBytes()) {
                memoryBytes += bytes;
                kept.memoryBytes += bytes;
                kept.chunks.put(key, new Entry(rows, null));
                return;
            }
            file = reserve(job, kept, bytes);
        }
        if (file != null) {
            spill(job, key, rows, file);
        }
    }

    /** Other jobs' chunks go, the oldest job's first, until the bytes fit into memory or on disk, or nobody else has any. */
    private void makeRoom(JobId job, long bytes) {
        for (var each : jobs.entrySet()) {
            if (memoryBytes + bytes <= settings.memoryBytes()) {
                return;
            }
            if (!each.getKey().equals(job)) {
                drop(each.getValue());
            }
        }
    }

    private void drop(Kept kept) {
        memoryBytes -= kept.memoryBytes;
        diskBytes -= kept.diskBytes;
        kept.memoryBytes = 0;
        kept.diskBytes = 0;
        kept.chunks.clear();
        try (SpillFile file = kept.file) {
            kept.file = null;
        } catch (IOException e) {
            LOG.warn("a file of spilled chunks in {} can't be deleted: {}", folder, e.toString());
        }
    }

    /** The job's file if the bytes may be written to it; they count from here on. */
    private @Nullable SpillFile reserve(JobId job, Kept kept, long bytes) {
        if (diskFailed || diskBytes + bytes > settings.diskBytes()) {
            return null;
        }
        try {
            Files.createDirectories(folder);
            if (Files.getFileStore(folder).getUsableSpace() - bytes < settings.diskReserveBytes()) {
                throw new IOException("less than sampo.ingest.cache.disk-reserve would be left free");
            }
            if (kept.file == null) {
                kept.file = new SpillFile(folder.resolve("cache-" + job.value().replaceAll("[^A-Za-z0-9.-]", "_")));
            }
        } catch (IOException e) {
            diskFailed(e);
            return null;
        }
        diskBytes += bytes;
        kept.diskBytes += bytes;
        return kept.file;
    }

    private void spill(JobId job, Key key, Batch rows, SpillFile file) {
        try {
            SpillFile.Place place = file.write(rows);
            synchronized (this) {
                Kept kept = jobs.get(job);
                if (kept != null && kept.file == file) {
                    kept.chunks.putIfAbsent(key, new Entry(null, place));
                }
            }
        } catch (IOException e) {
            synchronized (this) {
                Kept kept = jobs.get(job);
                // A file that was dropped meanwhile is closed, which is no fault of the disk.
                if (kept != null && kept.file == file) {
                    diskFailed(e);
                }
            }
        }
    }

    private void diskFailed(IOException e) {
        diskFailed = true;
        LOG.warn(
                "no more chunks are spilled to {}: {}; what has no room in memory is read again in every epoch",
                folder,
                e.toString());
    }

    synchronized long memoryBytes() {
        return memoryBytes;
    }

    synchronized long diskBytes() {
        return diskBytes;
    }
}
