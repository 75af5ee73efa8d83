package dev.sampo.ingestion.stream;

import dev.sampo.model.data.Batch;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One shuffle window of a rank stream: the chunks that its rows lie in, and the order they come in. Filled chunk by chunk;
 * batches are gathered from the chunks without a copy of the window. Used again for another window. Not thread-safe.
 */
final class Window {
    private Dataset dataset = Dataset.TRAIN;
    private @Nullable RankStream stream;
    private int number;
    private List<RankStream.Piece> pieces = List.of();
    private @Nullable Batch[] chunks = new Batch[0];
    /** The piece that holds each position of the unshuffled window. */
    private int[] pieceOf = new int[0];

    /** What makes a row of the piece's chunk of a position in the unshuffled window. */
    private int[] offsets = new int[0];

    private int[] order = new int[0];
    private int rows;
    private int loaded;
    private long loadedBytes;

    /** Where the rows of the batch that is being gathered lie, [rows]. */
    private int[] pieceAt = new int[0];

    private int[] rowAt = new int[0];
    private int[] entryAt = new int[0];

    /** Makes it window {@code number} of a stream; nothing is loaded yet. */
    void begin(Dataset ofDataset, RankStream ofStream, int ofNumber) {
        dataset = ofDataset;
        stream = ofStream;
        number = ofNumber;
        pieces = ofStream.pieces(ofNumber);
        chunks = new Batch[pieces.size()];
        offsets = new int[pieces.size()];
        int length =
                pieces.stream().mapToInt(piece -> piece.to() - piece.from()).sum();
        if (order.length < length) {
            order = new int[length];
            pieceOf = new int[length];
        }
        int start = 0;
        for (int i = 0; i < offsets.length; i++) {
            RankStream.Piece piece = pieces.get(i);
            int end = start + piece.to() - piece.from();
            offsets[i] = piece.from() - start;
            Arrays.fill(pieceOf, start, end, i);
            start = end;
        }
        rows = ofStream.order(ofNumber, order);
        loaded = 0;
        loadedBytes = 0;
    }

    /** Forgets everything. */
    void clear() {
        stream = null;
        pieces = List.of();
        chunks = new Batch[0];
    }

    boolean is(Dataset ofDataset, RankStream ofStream, int ofNumber) {
        return stream == ofStream && dataset == ofDataset && number == ofNumber;
    }

    Dataset dataset() {
        return dataset;
    }

    @Nullable RankStream stream() {
        return stream;
    }

    int number() {
        return number;
    }

    boolean isLoaded() {
        return loaded == pieces.size();
    }

    /** Bytes of the chunks that are loaded. */
    long loadedBytes() {
        return loadedBytes;
    }

    void loadNext(ChunkLoader loader) throws IOException {
        Batch chunk = loader.load(dataset, pieces.get(loaded).chunk());
        chunks[loaded++] = chunk;
        loadedBytes += BatchCodec.size(chunk);
    }

    /**
     * Gathers rows [from, to) of the shuffled window.
     *
     * @param shape whose arrays are made, as large as a batch may be
     */
    Batch gather(int from, int to, BatchBuffer shape) {
        int count = Math.max(0, Math.min(rows, to) - from);
        return shape.isSparse() ? sparse(from, count, shape) : dense(from, count, shape);
    }

    private Batch dense(int from, int count, BatchBuffer into) {
        locate(from, count);
        int width = into.width();
        float[] values = into.dense();
        for (int i = 0; i < count; i++) {
            float[] source = Objects.requireNonNull(chunk(pieceAt[i]).dense());
            System.arraycopy(source, rowAt[i] * width, values, i * width, width);
        }
        targets(count, into);
        return into.batch(count);
    }

    private Batch sparse(int from, int count, BatchBuffer into) {
        locate(from, count);
        int[] rowStarts = into.rowStarts();
        for (int i = 0; i < count; i++) {
            int[] source = Objects.requireNonNull(chunk(pieceAt[i]).rowStarts());
            entryAt[i] = source[rowAt[i]];
            rowStarts[i + 1] = rowStarts[i] + source[rowAt[i] + 1] - entryAt[i];
        }
        into.ensureEntries(rowStarts[count]);
        int[] indices = into.indices();
        float[] values = into.values();
        for (int i = 0; i < count; i++) {
            Batch chunk = chunk(pieceAt[i]);
            int length = rowStarts[i + 1] - rowStarts[i];
            System.arraycopy(Objects.requireNonNull(chunk.indices()), entryAt[i], indices, rowStarts[i], length);
            System.arraycopy(Objects.requireNonNull(chunk.values()), entryAt[i], values, rowStarts[i], length);
        }
        targets(count, into);
        return into.batch(count);
    }

    private void targets(int count, BatchBuffer into) {
        float[] labels = into.labels();
        float[] weights = into.weights();
        for (int i = 0; i < count; i++) {
            Batch chunk = chunk(pieceAt[i]);
            labels[i] = chunk.labels()[rowAt[i]];
            if (weights != null) {
                weights[i] = Objects.requireNonNull(chunk.weights())[rowAt[i]];
            }
        }
    }

    private Batch chunk(int piece) {
        return Objects.requireNonNull(chunks[piece]);
    }

    /** Finds the piece of each row of a batch, and its row in the piece's chunk. */
    private void locate(int from, int count) {
        if (pieceAt.length < count) {
            pieceAt = new int[count];
            rowAt = new int[count];
            entryAt = new int[count];
        }
        for (int i = 0; i < count; i++) {
            int position = order[from + i];
            int piece = pieceOf[position];
            pieceAt[i] = piece;
            rowAt[i] = position + offsets[piece];
        }
    }
}
