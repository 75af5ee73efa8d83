package dev.sampo.cluster;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/**
 * Names one job; part of store paths and entity ids, so only {@code [a-z0-9-]} are allowed.
 *
 * @param value 1 to 100 characters
 */
public record JobId(@JsonValue String value) {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public JobId {
        if (!value.matches("[a-z0-9-]{1,100}")) {
            throw new IllegalArgumentException("job id must match [a-z0-9-]{1,100} but was \"" + value + "\"");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
