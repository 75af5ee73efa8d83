package dev.sampo.ingestion.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import org.junit.jupiter.api.Test;

class CacheSettingsTest {
    private static Config with(String memory) {
        return ConfigFactory.parseString("sampo.ingest.cache.memory = " + memory)
                .withFallback(ConfigFactory.defaultReference());
    }

    @Test
    void theReferenceIsBound() {
        assertThat(CacheSettings.from(ConfigFactory.defaultReference(), 1000))
                .isEqualTo(new CacheSettings(250, 16L << 30, 2L << 30, 64L << 20));
    }

    @Test
    void memoryIsAShareOrASize() {
        assertThat(CacheSettings.from(with("\"12.5 %\""), 1000).memoryBytes()).isEqualTo(125);
        assertThat(CacheSettings.from(with("3MiB"), 1000).memoryBytes()).isEqualTo(3 << 20);
        assertThat(CacheSettings.from(with("0"), 1000).memoryBytes()).isZero();
        for (String wrong : new String[] {"\"91%\"", "\"-1%\"", "\"x%\"", "\"NaN%\""}) {
            assertThatThrownBy(() -> CacheSettings.from(with(wrong), 1000))
                    .hasMessageStartingWith("sampo.ingest.cache.memory must be 0% to 90%");
        }
        assertThatThrownBy(() -> new CacheSettings(1, -1, 0, 0))
                .hasMessage("sampo.ingest.cache.disk must be ≥ 0 but was -1");
    }
}
