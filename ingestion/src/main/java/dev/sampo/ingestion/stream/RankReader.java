package dev.sampo.ingestion.stream;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.cluster.JobId;
import dev.sampo.cluster.store.Store;
import dev.sampo.ingestion.index.ChunkIndex;
import dev.sampo.ingestion.index.IngestPlan;
import dev.sampo.ingestion.source.BadSourceException;
import dev.sampo.ingestion.source.ChunkReader;
import dev.sampo.ingestion.source.SourceFile;
import dev.sampo.ingestion.source.Unpacker;
import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Batch;
import dev.sampo.model.data.Row;
import dev.sampo.model.feature.FeaturePipeline;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes the batches of a job's rank streams from the store and the files. Keeps one window of transformed rows for each data
 * set, so its memory is a function of the spec (invariant I7). Not thread-safe.
 */
final class RankReader {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final IngestPlan plan;
    private final ChunkIndex index;
    private final FeaturePipeline pipeline;
    private final ChunkReader chunks;
    private final Map<Dataset, Window> windows = new HashMap<>();

    /** A window of a stream, transformed, and the order its rows come in. */
    private record Window(int epoch, int rank, int number, int size, Batch rows, int[] order) {}

    RankReader(JobId job, Store store, Unpacker unpacker) throws IOException {
        plan = JSON.readValue(store.read(IngestPlan.blob(job)), IngestPlan.class);
        index = JSON.readValue(store.read(IngestPlan.indexBlob(job)), ChunkIndex.class);
        pipeline =
                FeaturePipeline.fromJson(new String(store.read(IngestPlan.pipelineBlob(job)), StandardCharsets.UTF_8));
        chunks = new ChunkReader(Objects.requireNonNull(plan.data().format()), unpacker);
    }

    /** Batch {@code number} of a rank in an epoch; empty when the rank has run out of rows. */
    Batch batch(Dataset dataset, int epoch, int rank, int number) throws IOException {
        long first = (long) number * plan.batchSize();
        Window window = windows.get(dataset);
        if (window == null || window.epoch != epoch || window.rank != rank || window.number != first / window.size) {
            windows.remove(dataset);
            RankStream stream = new RankStream(plan, index, dataset, epoch, rank);
            window = load(stream, dataset, epoch, rank, (int) (first / stream.window()));
            windows.put(dataset, window);
        }
        int from = (int) (first - (long) window.number * window.size);
        int to = Math.min(window.order.length, from + plan.batchSize());
        return slice(window, Math.min(from, window.order.length), to);
    }

    private Window load(RankStream stream, Dataset dataset, int epoch, int rank, int number) throws IOException {
        List<Row> rows = new ArrayList<>();
        for (RankStream.Piece piece : stream.pieces(number)) {
            rows.addAll(rows(dataset, index.chunks(dataset).get(piece.chunk())).subList(piece.from(), piece.to()));
        }
        try {
            return new Window(
                    epoch,
                    rank,
                    number,
                    stream.window(),
                    pipeline.apply(index.schema(), rows, true),
                    stream.order(number));
        } catch (BadRecordException e) {
            throw new BadSourceException("a record that was good when indexed is not any more; did a file of "
                    + index.files(dataset) + " change? " + e.getMessage());
        }
    }

    /** The good rows of a chunk that belong to a data set. */
    private List<Row> rows(Dataset dataset, ChunkIndex.Chunk chunk) throws IOException {
        Set<Integer> bad = new HashSet<>(chunk.bad());
        boolean ownFiles = !index.validation().isEmpty();
        double fraction = ownFiles ? 0 : index.validationFraction();
        List<Row> rows = new ArrayList<>();
        SourceFile file = index.files(dataset).get(chunk.file());
        chunks.read(file, index.schema(), chunk.span(), (number, row) -> {
            boolean evaluated = ownFiles
                    ? dataset == Dataset.VALIDATION
                    : ChunkIndex.isValidation(
                            index.seed(), fraction, chunk.file(), chunk.span().firstRecord() + number);
            if (!bad.contains(number) && evaluated == (dataset == Dataset.VALIDATION)) {
                rows.add(row);
            }
        });
        return rows;
    }

    private static Batch slice(Window window, int from, int to) {
        Batch all = window.rows;
        int rows = Math.max(0, to - from);
        float[] labels = new float[rows];
        float @Nullable [] weights = all.weights() == null ? null : new float[rows];
        for (int i = 0; i < rows; i++) {
            labels[i] = all.labels()[window.order[from + i]];
            if (weights != null) {
                weights[i] = Objects.requireNonNull(all.weights())[window.order[from + i]];
            }
        }
        if (all.dense() != null) {
            float[] dense = new float[rows * all.width()];
            for (int i = 0; i < rows; i++) {
                System.arraycopy(
                        all.dense(), window.order[from + i] * all.width(), dense, i * all.width(), all.width());
            }
            return Batch.dense(rows, all.width(), dense, labels, weights);
        }
        int[] allStarts = Objects.requireNonNull(all.rowStarts());
        int[] starts = new int[rows + 1];
        for (int i = 0; i < rows; i++) {
            int row = window.order[from + i];
            starts[i + 1] = starts[i] + allStarts[row + 1] - allStarts[row];
        }
        int[] indices = new int[starts[rows]];
        float[] values = new float[starts[rows]];
        for (int i = 0; i < rows; i++) {
            int at = allStarts[window.order[from + i]];
            System.arraycopy(Objects.requireNonNull(all.indices()), at, indices, starts[i], starts[i + 1] - starts[i]);
            System.arraycopy(Objects.requireNonNull(all.values()), at, values, starts[i], starts[i + 1] - starts[i]);
        }
        return Batch.sparse(rows, all.width(), starts, indices, values, labels, weights);
    }
}
