package dev.sampo.serving.prediction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import dev.sampo.serving.Settings;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ServingSettingsTest {
    @Test
    void bindsTheReference() {
        assertThat(ServingSettings.from(ConfigFactory.load()))
                .isEqualTo(new ServingSettings(
                        Duration.ofSeconds(1),
                        16,
                        16384,
                        256,
                        1000,
                        Duration.ofSeconds(60),
                        Duration.ofSeconds(10),
                        Duration.ofSeconds(3),
                        64 << 10,
                        32 << 20,
                        Duration.ofSeconds(30)));
    }

    @Test
    void namesTheKeyItRefuses() {
        assertThatThrownBy(() -> Settings.settings("sampo.serving.http.body-size-max = 0"))
                .hasMessage("sampo.serving.http.body-size-max: must be > 0 but was 0");
    }
}
