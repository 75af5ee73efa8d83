package dev.sampo.ingestion.stream;

import dev.sampo.ingestion.index.ChunkIndex;
import dev.sampo.ingestion.index.IngestPlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The deterministic sequence of mini-batches of one rank in one epoch (invariant I3): the chunks, permuted by (seed, epoch),
 * make one sequence of rows; rank r of R has rows [r N / R, (r + 1) N / R) of it, in windows that are shuffled in
 * themselves. Pure; a function of the index, the seed and nothing else.
 */
public final class RankStream {
    private final int[] chunkOrder;
    private final long[] starts;
    private final long from;
    private final long to;
    private final int window;
    private final int batch;
    private final long seed;
    private final boolean shuffled;
    private final int epoch;
    private final int rank;

    /** Rows [from, to) of a chunk's rows of the data set. */
    public record Piece(int chunk, int from, int to) {}

    public RankStream(IngestPlan plan, ChunkIndex index, Dataset dataset, int epoch, int rank) {
        this.epoch = epoch;
        this.rank = rank;
        shuffled = dataset == Dataset.TRAIN;
        seed = mix(plan.seed() + 31L * epoch);
        int chunks = index.chunks(dataset).size();
        chunkOrder = new int[chunks];
        for (int i = 0; i < chunks; i++) {
            chunkOrder[i] = i;
        }
        if (shuffled) {
            shuffle(chunkOrder, chunks, new SplittableRandom(seed));
        }
        starts = new long[chunks + 1];
        for (int i = 0; i < chunks; i++) {
            starts[i + 1] = starts[i] + ChunkIndex.rows(index.chunks(dataset).get(chunkOrder[i]), dataset);
        }
        long rows = starts[chunks];
        from = rows * rank / plan.ranks();
        to = rows * (rank + 1) / plan.ranks();
        batch = plan.batchSize();
        window = Math.toIntExact((plan.data().shuffleWindow() + batch - 1L) / batch * batch);
    }

    /** Steps until the rank with most rows is through. */
    public static int stepsPerEpoch(long rows, int ranks, int batchSize) {
        long most = (rows + ranks - 1) / ranks;
        return Math.toIntExact((most + batchSize - 1) / batchSize);
    }

    int epoch() {
        return epoch;
    }

    int rank() {
        return rank;
    }

    boolean is(int ofEpoch, int ofRank) {
        return epoch == ofEpoch && rank == ofRank;
    }

    /** Rows of the rank. */
    public long rows() {
        return to - from;
    }

    /** Rows that are shuffled among each other; a multiple of the batch size, so no batch lies in two windows. */
    public int window() {
        return window;
    }

    /** The pieces of chunks that make up a window, before its shuffle. */
    public List<Piece> pieces(int number) {
        long lo = Math.min(to, from + (long) number * window);
        long hi = Math.min(to, lo + window);
        List<Piece> pieces = new ArrayList<>();
        for (int i = 0; i < chunkOrder.length; i++) {
            long a = Math.max(lo, starts[i]);
            long b = Math.min(hi, starts[i + 1]);
            if (a < b) {
                pieces.add(new Piece(chunkOrder[i], (int) (a - starts[i]), (int) (b - starts[i])));
            }
        }
        return pieces;
    }

    /** Which of a window's rows, in the order of its pieces, comes at each position of the stream. */
    public int[] order(int number) {
        int[] order = new int[rows(number)];
        order(number, order, new int[order.length]);
        return order;
    }

    private int rows(int number) {
        return (int) Math.min(window, to - Math.min(to, from + (long) number * window));
    }

    /**
     * The same into an array that is long enough; gives the number of rows. Chance decides which rows a batch has. They come in
     * the order of the file, so that who reads them passes memory in one direction, which takes half the time or less.
     *
     * @param batchOf as long as {@code order}; what was in it is lost
     */
    int order(int number, int[] order, int[] batchOf) {
        int rows = rows(number);
        if (!shuffled) {
            for (int i = 0; i < rows; i++) {
                order[i] = i;
            }
            return rows;
        }
        int[] next = new int[(rows + batch - 1) / batch];
        for (int each = 0; each < next.length; each++) {
            next[each] = each * batch;
            Arrays.fill(batchOf, next[each], Math.min(rows, next[each] + batch), each);
        }
        shuffle(batchOf, rows, new SplittableRandom(mix(seed ^ from * 0x9E3779B97F4A7C15L + number)));
        for (int row = 0; row < rows; row++) {
            order[next[batchOf[row]]++] = row;
        }
        return rows;
    }

    /** Durstenfeld's form of the Fisher-Yates shuffle. */
    private static void shuffle(int[] values, int length, SplittableRandom random) {
        for (int i = length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int kept = values[i];
            values[i] = values[j];
            values[j] = kept;
        }
    }

    private static long mix(long z) {
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
