package dev.sampo.serving.prediction;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.serving.Samples;
import java.util.List;
import org.junit.jupiter.api.Test;

class RequestQueueTest {
    private final RequestQueue<String> queue = new RequestQueue<>(10, 4);

    private List<String> take() {
        return queue.take().stream().map(RequestQueue.Waiting::replyTo).toList();
    }

    @Test
    void joinsWhatFitsInOrder() {
        queue.offer(Samples.rooms(1), "a");
        queue.offer(Samples.rooms(1, 2), "b");
        queue.offer(Samples.rooms(1, 2), "c");
        queue.offer(Samples.rooms(1), "d");

        assertThat(take()).containsExactly("a", "b");
        assertThat(take()).containsExactly("c", "d");
        assertThat(take()).isEmpty();
        assertThat(queue.rows()).isZero();
    }

    @Test
    void doesNotJoinOtherColumns() {
        queue.offer(Samples.rooms(1), "a");
        queue.offer(new RowTable(List.of("area"), null, 0, new String[][] {{"1"}}, null, null), "b");
        queue.offer(Samples.rooms(1), "c");

        assertThat(take()).containsExactly("a");
        assertThat(take()).containsExactly("b");
        assertThat(take()).containsExactly("c");
    }

    @Test
    void refusesMoreRowsThanItsBoundButNeverStarves() {
        assertThat(queue.offer(Samples.rooms(new double[20]), "larger than the bound, but nobody waits"))
                .isTrue();
        assertThat(queue.offer(Samples.rooms(1), "full")).isFalse();
        assertThat(take()).hasSize(1);
        assertThat(queue.offer(Samples.rooms(new double[9]), "a")).isTrue();
        assertThat(queue.offer(Samples.rooms(1), "b")).isTrue();
        assertThat(queue.offer(Samples.rooms(1), "full again")).isFalse();
    }
}
