package dev.sampo.cluster.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sampo.cluster.journal.PendingFacts.ConflictException;
import dev.sampo.cluster.journal.PendingFacts.Pending;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PendingFactsTest {
    private final PendingFacts<Integer> pending = new PendingFacts<>(Integer::equals);
    private final List<Integer> durable = new ArrayList<>();

    private void add(int fact) {
        pending.add(new Pending<>(fact, () -> durable.add(fact)));
    }

    @Test
    void aWriteWhoseAnswerWasLostIsNotRepeated() {
        pending.read(List.of());
        add(1);
        add(2);
        add(3);
        pending.written().run();
        pending.read(List.of(1, 2)).forEach(Runnable::run);
        assertThat(durable).containsExactly(1, 2);
        assertThat(pending.toWrite()).containsExactly(3);
    }

    @Test
    void whatWasThereBeforeIsNotToldAsDurable() {
        add(7);
        assertThat(pending.read(List.of(1, 2))).isEmpty();
        assertThat(pending.toWrite()).containsExactly(7);
    }

    @Test
    void anotherWriterIsNoticed() {
        pending.read(List.of(1));
        add(2);
        assertThatThrownBy(() -> pending.read(List.of(1, 5)))
                .isInstanceOf(ConflictException.class)
                .hasMessageContaining("5");
        assertThatThrownBy(() -> pending.read(List.of()))
                .isInstanceOf(ConflictException.class)
                .hasMessageContaining("1 were durable");
    }

    static long[] seeds() {
        return LongStream.range(0, 200).toArray();
    }

    /** A database that fails before or after it has written: each fact is written once, in order, and told once. */
    @ParameterizedTest
    @MethodSource("seeds")
    void everyFactIsWrittenOnce(long seed) {
        Random random = new Random(seed);
        List<Integer> database = new ArrayList<>();
        pending.read(List.of());
        int handed = 0;
        while (durable.size() < 40) {
            if (handed < 40 && random.nextBoolean()) {
                add(handed++);
            } else if (!pending.toWrite().isEmpty()) {
                boolean written = random.nextInt(4) > 0;
                if (written) {
                    database.add(pending.toWrite().get(0));
                }
                if (written && random.nextInt(3) > 0) {
                    pending.written().run();
                } else {
                    pending.read(List.copyOf(database)).forEach(Runnable::run);
                }
            }
            assertThat(database.subList(0, durable.size())).isEqualTo(durable);
        }
        assertThat(durable).isEqualTo(IntStream.range(0, 40).boxed().toList());
        assertThat(database).isEqualTo(durable);
    }
}
