package dev.sampo.cluster;

import java.util.Locale;

/** How a node finds the cluster it joins. */
public enum Discovery {
    /** It is told addresses. */
    SEEDS,
    /** It asks the Kubernetes API for pods. */
    KUBERNETES;

    /** The one of that name in any case; an error that lists both if there is none. */
    public static Discovery of(String text) {
        for (Discovery each : values()) {
            if (each.name().equalsIgnoreCase(text)) {
                return each;
            }
        }
        throw new IllegalArgumentException("discovery must be seeds or kubernetes, was \"" + text + "\"");
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
