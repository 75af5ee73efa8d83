package dev.sampo.ingestion.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.cluster.JobId;
import dev.sampo.ingestion.index.ChunkIndex;
import dev.sampo.ingestion.index.IngestPlan;
import dev.sampo.ingestion.index.OnBadRecord;
import dev.sampo.ingestion.source.DataSpec;
import dev.sampo.ingestion.source.SourceFile;
import dev.sampo.ingestion.source.Span;
import dev.sampo.model.data.Schema;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Invariant I3 over random sources: each row in exactly one batch per epoch, and the batches a pure function of the spec. */
class RankStreamTest {
    static List<Integer> seeds() {
        return java.util.stream.IntStream.range(0, 60).boxed().toList();
    }

    private static IngestPlan plan(int ranks, int batch, int window, long seed) {
        DataSpec data = new DataSpec(List.of("x"), null, null, null, null, null, 1024, window);
        return new IngestPlan(new JobId("j-1"), data, null, ranks, batch, seed, OnBadRecord.FAIL, false);
    }

    private static ChunkIndex index(Random random) {
        List<ChunkIndex.Chunk> chunks = new ArrayList<>();
        for (int i = 1 + random.nextInt(30); i > 0; i--) {
            int rows = random.nextInt(4) == 0 ? 0 : 1 + random.nextInt(50);
            chunks.add(new ChunkIndex.Chunk(0, new Span(0, 1, 0, 1, 50), rows, 0, List.of()));
        }
        return new ChunkIndex(
                new Schema(List.of("a"), null), List.of(new SourceFile("x", null)), List.of(), chunks, List.of(), 0, 7);
    }

    /** The stream's rows as "chunk:row" in order, by the windows that batches come from. */
    private static List<String> rows(RankStream stream) {
        List<String> rows = new ArrayList<>();
        for (int window = 0; (long) window * stream.window() < stream.rows(); window++) {
            List<String> unshuffled = new ArrayList<>();
            for (RankStream.Piece piece : stream.pieces(window)) {
                for (int row = piece.from(); row < piece.to(); row++) {
                    unshuffled.add(piece.chunk() + ":" + row);
                }
            }
            int[] order = stream.order(window);
            assertThat(order).hasSize(unshuffled.size());
            for (int at : order) {
                rows.add(unshuffled.get(at));
            }
        }
        return rows;
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void everyRowIsInExactlyOneBatchOfTheEpoch(int seed) {
        Random random = new Random(seed);
        ChunkIndex index = index(random);
        int ranks = 1 + random.nextInt(7);
        int batch = 1 + random.nextInt(9);
        IngestPlan plan = plan(ranks, batch, 1 + random.nextInt(60), seed);
        long all = index.rows(Dataset.TRAIN);
        Set<String> seen = new HashSet<>();
        long most = 0;
        for (int rank = 0; rank < ranks; rank++) {
            RankStream stream = new RankStream(plan, index, Dataset.TRAIN, 3, rank);
            List<String> rows = rows(stream);
            assertThat(rows).hasSize((int) stream.rows());
            assertThat(stream.window() % batch)
                    .as("no batch lies in two windows")
                    .isZero();
            for (String row : rows) {
                assertThat(seen.add(row)).as("row %s twice", row).isTrue();
            }
            most = Math.max(most, rows.size());
        }
        assertThat(seen).hasSize((int) all);
        int steps = RankStream.stepsPerEpoch(all, ranks, batch);
        assertThat((long) steps * batch).as("steps reach the longest rank").isGreaterThanOrEqualTo(most);
        assertThat((steps - 1L) * batch).as("and no step is empty").isLessThan(Math.max(1, most));
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void theOrderIsAFunctionOfSeedAndEpochAlone(int seed) {
        ChunkIndex index = index(new Random(seed));
        IngestPlan plan = plan(2, 4, 40, seed);
        RankStream one = new RankStream(plan, index, Dataset.TRAIN, 1, 1);
        assertThat(rows(new RankStream(plan, index, Dataset.TRAIN, 1, 1))).isEqualTo(rows(one));
        if (index.rows(Dataset.TRAIN) > 60) {
            assertThat(rows(new RankStream(plan, index, Dataset.TRAIN, 2, 1)))
                    .as("another epoch")
                    .isNotEqualTo(rows(one));
            assertThat(rows(new RankStream(plan(2, 4, 40, seed + 1), index, Dataset.TRAIN, 1, 1)))
                    .as("another seed")
                    .isNotEqualTo(rows(one));
        }
    }

    /** In one direction through the file, and each row in each batch of its window equally often. */
    @Test
    void chanceDecidesTheBatchAndTheFileTheOrderInIt() {
        int rows = 60;
        int batch = 20;
        ChunkIndex index = new ChunkIndex(
                new Schema(List.of("a"), null),
                List.of(new SourceFile("x", null)),
                List.of(),
                List.of(new ChunkIndex.Chunk(0, new Span(0, 1, 0, 1, 50), rows, 0, List.of())),
                List.of(),
                0,
                7);
        int epochs = 3_000;
        int[][] seen = new int[rows][rows / batch];
        for (int epoch = 0; epoch < epochs; epoch++) {
            int[] order = new RankStream(plan(1, batch, rows, 1), index, Dataset.TRAIN, epoch, 0).order(0);
            for (int i = 0; i < rows; i++) {
                seen[order[i]][i / batch]++;
                if (i % batch > 0) {
                    assertThat(order[i]).isGreaterThan(order[i - 1]);
                }
            }
        }
        for (int[] row : seen) {
            for (int count : row) {
                // A third of the epochs, by six standard deviations.
                assertThat(count).isBetween(845, 1155);
            }
        }
    }
}
