package dev.sampo.trainer.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.ingestion.stream.Dataset;
import dev.sampo.model.data.Batch;
import dev.sampo.model.data.Selection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BatchQueueTest {
    private final BatchQueue queue = new BatchQueue();

    private static BatchKey key(int index) {
        return new BatchKey(Dataset.TRAIN, 0, 0, index);
    }

    private static Selection batch() {
        return Selection.all(Batch.dense(0, 1, new float[0], new float[0], null));
    }

    private static List<BatchKey> keys(int from, int to) {
        return IntStream.range(from, to).mapToObj(BatchQueueTest::key).toList();
    }

    @Test
    void aBatchIsGivenBackOnceAndOnlyWhenItIsWantedNoMore() {
        Selection first = batch();
        assertThat(queue.want(keys(0, 2), 0)).containsExactly(key(0), key(1));
        queue.arrived(key(0), first);
        assertThat(queue.spare()).isNull();
        assertThat(queue.want(keys(0, 2), 1)).isEmpty();
        assertThat(queue.spare()).as("still wanted").isNull();
        assertThat(queue.want(keys(1, 3), 2)).containsExactly(key(2));
        assertThat(queue.spare()).isSameAs(first);
        assertThat(queue.spare()).isNull();
    }

    @Test
    void aRepeatedAnswerIsNoSpare() {
        queue.want(keys(0, 1), 0);
        queue.arrived(key(0), batch());
        queue.arrived(key(0), batch());
        queue.want(keys(1, 2), 0);
        assertThat(queue.spare()).isNotNull();
        assertThat(queue.spare()).isNull();
    }

    @Test
    void whatIsDroppedBetweenTrainingAndEvaluationIsStillOfUse() {
        queue.want(keys(0, 3), 0);
        keys(0, 3).forEach(key -> queue.arrived(key, batch()));
        queue.want(List.of(), 1);
        for (int i = 0; i < 3; i++) {
            assertThat(queue.spare()).isNotNull();
        }
        assertThat(queue.spare()).isNull();
    }

    /** However requests, answers and steps come, nobody can get a batch from the queue that was given back. */
    @Test
    void noBatchIsBothSpareAndThere() {
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            BatchQueue any = new BatchQueue();
            Map<Selection, Boolean> given = new IdentityHashMap<>();
            int at = 0;
            for (int i = 0; i < 100; i++) {
                int from = at;
                switch (random.nextInt(3)) {
                    case 0 -> any.want(keys(from, from + 3), i);
                    case 1 -> any.arrived(key(from + random.nextInt(4)), batch());
                    default -> at += random.nextInt(2);
                }
                Selection spare = random.nextBoolean() ? any.spare() : null;
                if (spare != null) {
                    assertThat(given.put(spare, true)).as("given twice").isNull();
                }
                for (int index = 0; index < at + 4; index++) {
                    assertThat(given).doesNotContainKey(any.get(key(index)));
                }
            }
        }
    }
}
