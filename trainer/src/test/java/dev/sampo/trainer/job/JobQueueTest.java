package dev.sampo.trainer.job;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.cluster.JobId;
import dev.sampo.trainer.job.JobStatus.State;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class JobQueueTest {
    private static final JobId FIRST = new JobId("first-1");
    private static final JobId SECOND = new JobId("second-1");
    private final JobQueue queue = new JobQueue();

    @BeforeEach
    void firstHasTheCluster() {
        queue.add(FIRST);
        queue.add(SECOND);
        assertThat(queue.begin()).contains(FIRST);
    }

    @ParameterizedTest
    @EnumSource(names = {"QUEUED", "INDEXING", "TRAINING", "EVALUATING", "PUBLISHING"})
    void theNextWaitsWhateverTheCoordinatorOfTheFirstSays(State state) {
        queue.updated(FIRST, state);
        assertThat(queue.begin()).isEmpty();
        assertThat(queue.atWork()).contains(FIRST);
        assertThat(queue.isWaiting(SECOND)).isTrue();
    }

    @Test
    void aPausedJobStepsAsideAndTheNextBegins() {
        queue.updated(FIRST, State.PAUSED);
        assertThat(queue.begin()).contains(SECOND);
        assertThat(queue.begin()).isEmpty();
    }

    /** Its coordinator crashed and reads its journal again. */
    @Test
    void aPausedJobThatBeginsAgainStaysAside() {
        queue.updated(FIRST, State.PAUSED);
        queue.updated(FIRST, State.QUEUED);
        assertThat(queue.begin()).contains(SECOND);
    }

    @Test
    void theEndOfTheFirstMakesRoom() {
        queue.updated(FIRST, State.DONE);
        assertThat(queue.begin()).contains(SECOND);
        queue.updated(FIRST, State.TRAINING);
        assertThat(queue.atWork()).contains(SECOND);
    }

    @Test
    void aJobThatEndsWhileItWaitsIsNotBegun() {
        queue.ended(SECOND);
        queue.ended(FIRST);
        assertThat(queue.begin()).isEmpty();
        assertThat(queue.size()).isZero();
    }
}
