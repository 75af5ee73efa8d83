package dev.sampo.parameter.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sampo.model.spec.Problems;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScheduleTest {
    private static void assertFactors(ScheduleSpec spec, long[] steps, double... factors) {
        Problems problems = new Problems();
        spec.check("schedule", problems);
        assertThat(problems.all()).isEmpty();
        Schedule schedule = Schedule.of(spec, 110);
        for (int i = 0; i < steps.length; i++) {
            assertThat((double) schedule.factor(steps[i]))
                    .as("step %d", steps[i])
                    .isCloseTo(factors[i], within(1e-6));
        }
    }

    private static final long[] AT = {0, 4, 9, 10, 35, 60, 109};

    @Test
    void eachTypeAfterAWarmUpOfTenSteps() {
        assertFactors(new ScheduleSpec("constant", 10, null, null, null), AT, .1, .5, 1, 1, 1, 1, 1);
        assertFactors(new ScheduleSpec("step", 10, 25, 0.5, null), AT, .1, .5, 1, 1, .5, .25, .125);
        assertFactors(
                new ScheduleSpec("exponential", 10, 50, 0.25, null), AT, .1, .5, 1, 1, .5, .25, Math.pow(.25, 1.98));
        assertFactors(
                new ScheduleSpec("cosine", 10, null, null, 0.1),
                AT,
                .1,
                .5,
                1,
                1,
                .1 + .9 * .5 * (1 + Math.cos(Math.PI / 4)),
                .55,
                .1 + .9 * .5 * (1 + Math.cos(Math.PI * .99)));
        assertFactors(
                new ScheduleSpec("inverseSqrt", 10, null, null, null),
                AT,
                .1,
                .5,
                1,
                Math.sqrt(10 / 11.),
                Math.sqrt(10 / 36.),
                Math.sqrt(10 / 61.),
                Math.sqrt(10 / 110.));
    }

    @Test
    void withoutWarmUpTheFirstStepIsWhole() {
        for (String type : List.of("constant", "step", "exponential", "cosine", "inverseSqrt")) {
            assertThat(Schedule.of(new ScheduleSpec(type, null, null, null, null), 100)
                            .factor(0))
                    .isEqualTo(1f);
        }
        assertThat(Schedule.of(null, 100).factor(77)).isEqualTo(1f);
    }

    @Test
    void optionsOfOtherTypesAndInfiniteFactorsAreRefused() {
        Problems problems = new Problems();
        new ScheduleSpec("cosine", -1, 5, null, 2.0).check("s", problems);
        new ScheduleSpec("step", null, 0, Double.POSITIVE_INFINITY, 0.5).check("t", problems);
        assertThat(problems.all())
                .containsExactlyInAnyOrder(
                        "s.everySteps: has no meaning for the schedule cosine; remove it",
                        "s.warmupSteps: must be ≥ 0, was -1",
                        "s.minFactor: must be ≥ 0 and ≤ 1, was 2.0",
                        "t.minFactor: has no meaning for the schedule step; remove it",
                        "t.everySteps: must be ≥ 1, was 0",
                        "t.factor: must be > 0 and finite, was Infinity");
    }
}
