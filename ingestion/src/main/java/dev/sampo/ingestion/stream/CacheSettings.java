package dev.sampo.ingestion.stream;

import com.typesafe.config.Config;

/**
 * How much transformed data an ingest node keeps: {@code sampo.ingest} of reference.conf.
 *
 * @param memoryBytes of the heap
 * @param diskBytes of the scratch folder, after memory is full
 * @param diskReserveBytes that are left free on its file system
 * @param aheadBytes of the next shuffle window that a rank's entity prepares ahead; at least one chunk
 */
public record CacheSettings(long memoryBytes, long diskBytes, long diskReserveBytes, long aheadBytes) {
    private static final String PATH = "sampo.ingest.";

    /** Keeps nothing. */
    public static final CacheSettings NONE = new CacheSettings(0, 0, 0, 0);

    public CacheSettings {
        require("cache.memory", memoryBytes);
        require("cache.disk", diskBytes);
        require("cache.disk-reserve", diskReserveBytes);
        require("ahead", aheadBytes);
    }

    private static void require(String key, long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException(PATH + key + " must be ≥ 0 but was " + bytes);
        }
    }

    /** The settings of a node, whose heap grows to {@code heapBytes}. */
    public static CacheSettings from(Config root, long heapBytes) {
        Config ingest = root.getConfig("sampo.ingest");
        return new CacheSettings(
                memory(ingest, heapBytes),
                ingest.getBytes("cache.disk"),
                ingest.getBytes("cache.disk-reserve"),
                ingest.getBytes("ahead"));
    }

    private static long memory(Config ingest, long heapBytes) {
        String text = ingest.getString("cache.memory").trim();
        if (!text.endsWith("%")) {
            return ingest.getBytes("cache.memory");
        }
        double percent;
        try {
            percent = Double.parseDouble(text.substring(0, text.length() - 1));
        } catch (NumberFormatException e) {
            percent = Double.NaN;
        }
        if (!(percent >= 0 && percent <= 90)) {
            throw new IllegalArgumentException(
                    PATH + "cache.memory must be 0% to 90% of the heap or a size such as 512MiB" + " but was \"" + text
                            + "\"");
        }
        return (long) (heapBytes * (percent / 100));
    }
}
