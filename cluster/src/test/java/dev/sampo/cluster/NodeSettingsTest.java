package dev.sampo.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NodeSettingsTest {
    private static final Config CONFIG =
            new NodeSettings(EnumSet.of(Role.PS), "127.0.0.1", 0, List.of("127.0.0.1:17355")).toConfig();

    /** Kubernetes kills what is still there 30 s after SIGTERM. */
    @Test
    void aNodeHasStoppedIn25Seconds() {
        Config phases = CONFIG.getConfig("pekko.coordinated-shutdown.phases");
        Duration all = phases.root().keySet().stream()
                .map(phase -> phases.getConfig("\"" + phase + "\""))
                .map(phase -> phase.hasPath("timeout")
                        ? phase.getDuration("timeout")
                        : CONFIG.getDuration("pekko.coordinated-shutdown.default-phase-timeout"))
                .reduce(Duration.ZERO, Duration::plus);
        assertThat(phases.root()).hasSize(12);
        assertThat(all).isLessThanOrEqualTo(Duration.ofSeconds(25));
    }

    @Test
    void theMajorityCountsWhereNodesDoNotVanishInNumbers() {
        assertThat(CONFIG.getStringList("pekko.cluster.roles")).containsExactly("ps", NodeSettings.QUORUM);
        assertThat(new NodeSettings(EnumSet.of(Role.WORKER), "127.0.0.1", 0, List.of())
                        .toConfig()
                        .getStringList("pekko.cluster.roles"))
                .containsExactly("worker");
        assertThat(CONFIG.getString("pekko.cluster.split-brain-resolver.keep-majority.role"))
                .isEqualTo(NodeSettings.QUORUM);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "host", "host:", "host:1:2", "pekko://sampo@host:1", "host:123456"})
    void aSeedIsHostAndPort(String seed) {
        assertThatThrownBy(() -> new NodeSettings(EnumSet.of(Role.PS), "127.0.0.1", 0, List.of(seed)))
                .hasMessageContaining("a seed must be host:port");
    }
}
