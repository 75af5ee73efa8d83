package dev.sampo.serving.prediction;

import com.typesafe.config.Config;
import java.time.Duration;

/** The configuration {@code sampo.serving}; {@code reference.conf} explains each value. Immutable. */
public record ServingSettings(
        Duration pollInterval,
        int loadedVersionsMax,
        int queueRowsMax,
        int batchRowsMax,
        int waitingRequestsMax,
        Duration damagedRetryInterval,
        Duration requestTimeout,
        Duration noNodeTimeout,
        long partSizeBytes,
        long bodySizeMaxBytes,
        Duration bodyTimeout) {
    public ServingSettings {
        positive("poll-interval", pollInterval.toMillis());
        positive("loaded-versions-max", loadedVersionsMax);
        positive("queue-rows-max", queueRowsMax);
        positive("batch-rows-max", batchRowsMax);
        positive("waiting-requests-max", waitingRequestsMax);
        positive("damaged-retry-interval", damagedRetryInterval.toMillis());
        positive("request-timeout", requestTimeout.toMillis());
        positive("no-node-timeout", noNodeTimeout.toMillis());
        positive("part-size", partSizeBytes);
        positive("http.body-size-max", bodySizeMaxBytes);
        positive("http.body-timeout", bodyTimeout.toMillis());
    }

    /** Binds {@code sampo.serving} of a node's whole configuration. */
    public static ServingSettings from(Config config) {
        Config own = config.getConfig("sampo.serving");
        return new ServingSettings(
                own.getDuration("poll-interval"),
                own.getInt("loaded-versions-max"),
                own.getInt("queue-rows-max"),
                own.getInt("batch-rows-max"),
                own.getInt("waiting-requests-max"),
                own.getDuration("damaged-retry-interval"),
                own.getDuration("request-timeout"),
                own.getDuration("no-node-timeout"),
                own.getBytes("part-size"),
                own.getBytes("http.body-size-max"),
                own.getDuration("http.body-timeout"));
    }

    private static void positive(String key, long value) {
        if (value <= 0) {
            throw new IllegalArgumentException("sampo.serving." + key + ": must be > 0 but was " + value);
        }
    }
}
