package dev.sampo.ingestion.stream;

import dev.sampo.model.data.Batch;
import dev.sampo.model.data.Selection;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One shuffle window of a rank stream: the chunks that its rows lie in, and the order they come in. Filled chunk by chunk;
 * batches are selections of the chunks' rows, without a copy. Used again for another window. Not thread-safe.
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
    /** Room for {@link RankStream#order(int, int[], int[])}. */
    private int[] batchOf = new int[0];

    private int rows;
    private int loaded;
    private long loadedBytes;

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
            batchOf = new int[length];
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
        rows = ofStream.order(ofNumber, order, batchOf);
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
     * Rows [from, to) of the shuffled window, as far as it has them.
     *
     * @param spare whose arrays are used again, if they are long enough; or null
     * @param rowsMax the rows a selection may have
     */
    Selection select(int from, int to, int rowsMax, @Nullable Selection spare) {
        int count = Math.max(0, Math.min(rows, to) - from);
        Selection given = spare != null && spare.chunkOf().length >= rowsMax ? spare : null;
        int[] chunkOf = given != null ? given.chunkOf() : new int[rowsMax];
        int[] rowOf = given != null ? given.rowOf() : new int[rowsMax];
        for (int i = 0; i < count; i++) {
            int position = order[from + i];
            int piece = pieceOf[position];
            chunkOf[i] = piece;
            rowOf[i] = position + offsets[piece];
        }
        return given != null && given.rows() == count && given.chunks() == chunks
                ? given
                : new Selection(count, chunks, chunkOf, rowOf);
    }
}
