package dev.sampo.ingestion.index;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.cluster.JobId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TaskBoardTest {
    private static List<IndexTask> tasks(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> new IndexTask(new JobId("j-1"), IndexTask.Kind.SCAN, true, i))
                .toList();
    }

    @Test
    void aTaskIsTriedAtMostSoOften() {
        TaskBoard board = new TaskBoard(2, 3);
        board.add(tasks(1));
        IndexTask task = board.next().get(0);
        assertThat(board.mayRetry(task)).isTrue();
        assertThat(board.mayRetry(task)).isTrue();
        assertThat(board.mayRetry(task)).isFalse();
        assertThat(board.mayRetry(tasks(2).get(1))).as("one that does not run").isFalse();
    }

    /** Results that are lost, repeated and late: each task is finished once, and the board ends. */
    @Test
    void everyTaskIsFinishedOnceWhateverTheOrder() {
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            TaskBoard board = new TaskBoard(1 + random.nextInt(8), Integer.MAX_VALUE);
            board.add(tasks(1 + random.nextInt(40)));
            List<IndexTask> sent = new ArrayList<>(board.next());
            Map<IndexTask, Integer> finished = new HashMap<>();
            int running = sent.size();
            while (!board.isDone()) {
                IndexTask one = sent.get(random.nextInt(sent.size()));
                if (random.nextInt(4) == 0) {
                    board.mayRetry(one);
                } else if (board.finished(one)) {
                    finished.merge(one, 1, Integer::sum);
                    List<IndexTask> next = board.next();
                    running += next.size() - 1;
                    sent.addAll(next);
                }
                assertThat(running).isLessThanOrEqualTo(8);
            }
            assertThat(finished.values()).containsOnly(1);
            assertThat(finished).hasSameSizeAs(new ArrayList<>(new java.util.HashSet<>(sent)));
            assertThat(board.fraction()).isEqualTo(1);
        }
    }
}
