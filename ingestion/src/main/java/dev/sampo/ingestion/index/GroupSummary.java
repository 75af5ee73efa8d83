package dev.sampo.ingestion.index;

import dev.sampo.model.feature.FitStatistics;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one group of chunks amounts to: which rows can be used, and the statistics of those that are trained on. Groups are
 * fixed by the index, so merging them in order gives the same bits whoever made them.
 *
 * @param chunks the group's chunks with their row counts
 * @param badRecords number of records that can't be used
 * @param firstBad file, line and reason of the first, or null
 * @param statistics {@link FitStatistics#toBytes}; empty for validation files
 */
@SuppressWarnings("ArrayRecordComponent")
record GroupSummary(
        List<ChunkIndex.Chunk> chunks,
        long badRecords,
        @Nullable String firstBad,
        byte[] statistics) {
    /** Chunks of a group. */
    static final int CHUNKS = 32;

    /** Groups that so many chunks make. */
    static int groups(int chunks) {
        return (chunks + CHUNKS - 1) / CHUNKS;
    }
}
