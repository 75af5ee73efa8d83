package dev.sampo.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How a job's progress looks, on a terminal and without one. */
class ProgressTest {
    private static final String WORDS = "training  epoch 19/2000  step 855/90000  loss 0.0110  33,377 rows/s  ETA 85 s";

    @Test
    void theLineFitsAndTheLeastGivesWayFirst() {
        assertThat(ProgressLine.render("digits-mlp-1", 1, 2, WORDS, 130))
                .isEqualTo("digits-mlp-1  50% [===============               ] " + WORDS);
        assertThat(ProgressLine.render("digits-mlp-1", 1, 2, WORDS, 89))
                .isEqualTo("digits-mlp-1  50% [=========        ] epoch 19/2000  loss 0.0110  33,377 rows/s  ETA 85 s");
        assertThat(ProgressLine.render("digits-mlp-1", 1, 2, WORDS, 79))
                .isEqualTo("digits-mlp-1  50% epoch 19/2000  loss 0.0110  33,377 rows/s  ETA 85 s");
        for (int width = 1; width < 140; width++) {
            assertThat(ProgressLine.render("digits-mlp-1", 1, 2, WORDS, width)).hasSizeLessThanOrEqualTo(width);
        }
        assertThat(ProgressLine.render("j", 0, 0, "queued", 40)).startsWith("j   0% [   ");
    }

    @Test
    void plainLinesTellEveryChangeAndComeRarerTheLongerItTakes() {
        PlainProgress plain = new PlainProgress(0);
        List<Long> shown = new ArrayList<>();
        assertThat(plain.shows("queued", 0, 0)).isTrue();
        assertThat(plain.shows("queued", 0, 150)).isFalse();
        assertThat(plain.shows("training", 0, 300)).isTrue();
        int epoch = 0;
        for (long now = 450; now < 3_600_000; now += 150) {
            if (plain.shows("training", epoch++, now)) {
                shown.add(now);
            }
        }
        assertThat(shown.stream().filter(at -> at < 20_000)).hasSizeBetween(15, 20);
        assertThat(shown.stream().filter(at -> at > 3_000_000)).hasSizeBetween(9, 11);
        assertThat(plain.shows("done", epoch, 3_600_000)).isTrue();
        assertThat(plain.shows("done", epoch, 9_000_000)).isFalse();
    }

    @Test
    void timesAreInAPersonsUnits() {
        assertThat(List.of(-1L, 0L, 119L, 120L, 7199L, 7200L, 100_000L).stream().map(Follow::duration))
                .containsExactly("0 s", "0 s", "119 s", "2 min", "119 min", "2:00 h", "27:46 h");
    }
}
