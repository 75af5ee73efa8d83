package dev.sampo.trainer.job;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sampo.cluster.JobId;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JobStatusTest {
    private final JobStatus status = new JobStatus(new JobId("digits-1"), "digits");

    private void epochs(int count) {
        for (int i = 0; i < count; i++) {
            status.history.add(new JobStatus.EpochRecord(
                    status.history.size() + 1, 0.5, Map.of("loss", 0.1, "perClass", List.of("many")), 1));
        }
    }

    private List<Integer> detailed() {
        return status.history.stream()
                .filter(each -> each.validation().containsKey("perClass"))
                .map(JobStatus.EpochRecord::epoch)
                .toList();
    }

    @Test
    void detailsAreKeptOfTheLastEpochAndOfTheBest() {
        status.forgetDetails(-1);
        epochs(1);
        status.forgetDetails(0);
        assertEquals(List.of(1), detailed());
        epochs(1);
        status.forgetDetails(0);
        assertEquals(List.of(1, 2), detailed());
        epochs(1);
        status.forgetDetails(0);
        assertEquals(List.of(1, 3), detailed());
        epochs(1);
        status.forgetDetails(3);
        assertEquals(List.of(4), detailed());
        assertEquals(0.1, status.history.get(1).validation().get("loss"));
        assertEquals(2, status.history.get(1).epoch());
    }

    @Test
    void soAreTheyWhenManyEpochsComeAtOnceAndSomeAreTakenBack() {
        epochs(5);
        status.forgetDetails(2);
        assertEquals(List.of(3, 5), detailed());
        status.history.subList(1, 5).clear();
        status.forgetDetails(0);
        assertEquals(List.of(), detailed());
        epochs(2);
        status.forgetDetails(2);
        assertEquals(List.of(3), detailed());
        assertEquals(3, status.recentHistory().size());
        assertEquals(Map.of("loss", 0.1), status.recentHistory().get(2).validation());
    }
}
