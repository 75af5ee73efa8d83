package dev.sampo.trainer.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.sampo.cluster.NodeSettings;
import dev.sampo.cluster.Role;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.junit.jupiter.api.Test;

class JobProgressTest {
    /** What a coordinator reads after a lost answer must be recognised as what it wrote, and show as it did. */
    @Test
    void anEpochComesBackFromTheJournalAsItWasWritten() throws Exception {
        Map<String, Object> metrics = new LinkedHashMap<>();
        metrics.put("rows", 208L);
        metrics.put("loss", 0.25);
        metrics.put("confusion", List.of(List.of(76L, 1L), List.of(2L, 129L)));
        metrics.put("accuracy", 0.98);
        var epoch = new JobStatus.EpochRecord(5, 0.09, metrics, 1.5);
        var written = new JobProgress.EpochEnded(epoch, 4025, 0.01, new JobStatus.Counters(575, 0, 0, 0, 0));
        var config = new NodeSettings(EnumSet.of(Role.COORDINATOR), "127.0.0.1", 0, List.of())
                .toConfig()
                .withFallback(ConfigFactory.load());
        ActorSystem system = ActorSystem.create("journal", config);
        try {
            Serialization serialization = SerializationExtension.get(system);
            byte[] bytes = serialization.serialize(written).get();
            var read = serialization
                    .deserialize(bytes, JobProgress.EpochEnded.class)
                    .get();
            assertThat(serialization.serialize(read).get()).isEqualTo(bytes);
            assertThat(read.epoch().validation()).isInstanceOf(LinkedHashMap.class);
            assertThat(read.epoch().validation().keySet()).containsExactly("rows", "loss", "confusion", "accuracy");
            assertThat(read.epoch().validation().get("confusion")).isEqualTo(List.of(List.of(76, 1), List.of(2, 129)));
        } finally {
            system.terminate();
        }
    }
}
