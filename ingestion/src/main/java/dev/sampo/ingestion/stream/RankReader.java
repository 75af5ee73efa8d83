package dev.sampo.ingestion.stream;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.cluster.JobId;
import dev.sampo.cluster.store.Store;
import dev.sampo.ingestion.index.ChunkIndex;
import dev.sampo.ingestion.index.IngestPlan;
import dev.sampo.ingestion.source.ChunkReader;
import dev.sampo.ingestion.source.Unpacker;
import dev.sampo.model.data.Batch;
import dev.sampo.model.data.Selection;
import dev.sampo.model.feature.FeaturePipeline;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Makes the batches of a job's rank streams from the store, the files and what the node keeps of them. Holds the chunks of one
 * window of each data set, and some of the window that follows, so its memory is a function of the spec (invariant I7). Not
 * thread-safe.
 */
public final class RankReader implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final IngestPlan plan;
    private final ChunkIndex index;
    private final ChunkCache cache;
    private final ChunkLoader loader;
    /** What a rank has that ran out of rows. */
    private final Selection empty;

    private final Map<Dataset, Windows> windows = new EnumMap<>(Dataset.class);
    private @Nullable Windows lastAsked;

    /** The windows of one data set, and the stream that batches were last asked of. */
    private static final class Windows {
        private @Nullable RankStream stream;
        private Window current = new Window();
        /** Empty, or the one that follows as far as it is prepared. */
        private Window next = new Window();
    }

    public RankReader(JobId job, Store store, Unpacker unpacker, ChunkCache cache) throws IOException {
        plan = JSON.readValue(store.read(IngestPlan.blob(job)), IngestPlan.class);
        index = JSON.readValue(store.read(IngestPlan.indexBlob(job)), ChunkIndex.class);
        FeaturePipeline pipeline =
                FeaturePipeline.fromJson(new String(store.read(IngestPlan.pipelineBlob(job)), StandardCharsets.UTF_8));
        ChunkReader files = new ChunkReader(Objects.requireNonNull(plan.data().format()), unpacker);
        loader = new ChunkLoader(plan, index, pipeline, files, cache);
        float[] none = new float[0];
        float[] weights = pipeline.weighted() ? none : null;
        empty = Selection.all(
                pipeline.sparse()
                        ? Batch.sparse(0, pipeline.width(), new int[1], new int[0], none, none, weights)
                        : Batch.dense(0, pipeline.width(), none, none, weights));
        this.cache = cache;
        cache.open(job);
    }

    /**
     * Batch {@code number} of a rank in an epoch; empty when the rank has run out of rows.
     *
     * @param spare a batch of this job that nobody uses any more; its arrays are written again. Or null
     */
    public Selection batch(Dataset dataset, int epoch, int rank, int number, @Nullable Selection spare)
            throws IOException {
        Windows of = windows.computeIfAbsent(dataset, fresh -> new Windows());
        lastAsked = of;
        RankStream stream = of.stream;
        if (stream == null || !stream.is(epoch, rank)) {
            RankStream following = of.next.stream();
            stream = following != null && following.is(epoch, rank)
                    ? following
                    : new RankStream(plan, index, dataset, epoch, rank);
            of.stream = stream;
        }
        long first = (long) number * plan.batchSize();
        if (first >= stream.rows()) {
            return empty;
        }
        int window = (int) (first / stream.window());
        if (!of.current.is(dataset, stream, window)) {
            turn(of, dataset, stream, window);
        }
        while (!of.current.isLoaded()) {
            of.current.loadNext(loader);
        }
        int from = (int) (first - (long) window * stream.window());
        return of.current.select(from, from + plan.batchSize(), plan.batchSize(), spare);
    }

    /** Makes a window the current one: the one that was prepared, where it is that. */
    private static void turn(Windows of, Dataset dataset, RankStream stream, int window) {
        Window old = of.current;
        if (of.next.is(dataset, stream, window)) {
            of.current = of.next;
            of.next = old;
        } else {
            old.begin(dataset, stream, window);
        }
        of.next.clear();
    }

    /** Whether {@link #prepare} has something to do. */
    public boolean mayPrepare() {
        Windows of = lastAsked;
        if (of == null || of.current.stream() == null || !of.current.isLoaded()) {
            return false;
        }
        return of.next.stream() == null
                ? isFollowed(of.current)
                : !of.next.isLoaded()
                        && of.next.loadedBytes() < cache.settings().aheadBytes();
    }

    /** A window of an epoch that was shuffled is followed by the next epoch's. */
    private static boolean isFollowed(Window window) {
        return window.dataset() == Dataset.TRAIN || isInside(window);
    }

    /** Whether the window is not its epoch's last. */
    private static boolean isInside(Window window) {
        RankStream stream = Objects.requireNonNull(window.stream());
        return (window.number() + 1L) * stream.window() < stream.rows();
    }

    /** Loads one chunk of the window after the one that was last asked of. */
    public void prepare() throws IOException {
        if (!mayPrepare()) {
            return;
        }
        Windows of = Objects.requireNonNull(lastAsked);
        if (of.next.stream() == null) {
            Window current = of.current;
            RankStream stream = Objects.requireNonNull(current.stream());
            if (isInside(current)) {
                of.next.begin(current.dataset(), stream, current.number() + 1);
            } else {
                RankStream following =
                        new RankStream(plan, index, current.dataset(), stream.epoch() + 1, stream.rank());
                of.next.begin(current.dataset(), following, 0);
            }
        }
        if (!of.next.isLoaded()) {
            try {
                of.next.loadNext(loader);
            } catch (IOException | RuntimeException e) {
                // Whoever asks for its rows meets the fault again.
                of.next.clear();
                throw e;
            }
        }
    }

    @Override
    public void close() {
        cache.close(plan.job());
    }
}
