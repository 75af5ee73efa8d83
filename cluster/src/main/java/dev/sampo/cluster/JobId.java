package dev.sampo.cluster;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.regex.Pattern;

/**
 * Names one job; part of store paths and entity ids, so only {@code [a-z0-9-]} are allowed.
 *
 * @param value 1 to 100 characters
 */
public record JobId(@JsonValue String value) {
    /** Each frame names its job, so it is compiled once. */
    private static final Pattern ALLOWED = Pattern.compile("[a-z0-9-]{1,100}");

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public JobId {
        if (!ALLOWED.matcher(value).matches()) {
            throw new IllegalArgumentException("job id must match " + ALLOWED + " but was \"" + value + "\"");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
