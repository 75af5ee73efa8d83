package dev.sampo.cluster;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What a node does; one image, any set of roles. */
public enum Role {
    /** Accepts jobs and runs their life; forms the cluster. */
    COORDINATOR,
    /** Holds parameter shards. */
    PS,
    /** Computes gradients. */
    WORKER,
    /** Reads, indexes and transforms data. */
    INGEST,
    /** Answers predictions. */
    SERVING;

    /** The role's name in configuration and in the cluster, such as {@code ps}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The role of that name; an error that lists the known ones if there is none. */
    public static Role of(String text) {
        for (Role role : values()) {
            if (role.text().equals(text)) {
                return role;
            }
        }
        throw new IllegalArgumentException("unknown role \"" + text + "\"; roles are "
                + Arrays.stream(values()).map(Role::text).collect(Collectors.joining(", ")));
    }
}
