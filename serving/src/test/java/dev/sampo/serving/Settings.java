package dev.sampo.serving;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.sampo.serving.prediction.ServingSettings;

/** The reference settings with shorter times. */
public final class Settings {
    private Settings() {}

    public static Config config(String more) {
        return ConfigFactory.parseString(more)
                .withFallback(ConfigFactory.parseString("""
                        pekko.actor.provider = local
                        sampo.serving { poll-interval = 50ms, no-node-timeout = 300ms }
                        """))
                .withFallback(ConfigFactory.load())
                .resolve();
    }

    public static ServingSettings settings(String more) {
        return ServingSettings.from(config(more));
    }
}
