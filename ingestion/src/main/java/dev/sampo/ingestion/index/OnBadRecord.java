package dev.sampo.ingestion.index;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sampo.model.spec.Problems;
import org.jspecify.annotations.Nullable;

/**
 * What a record that can't be used does to its job.
 *
 * @param action fail, or skip
 * @param max skip: more bad records than this fail the job all the same
 */
public record OnBadRecord(String action, long max) {
    public static final OnBadRecord FAIL = new OnBadRecord("fail", 0);

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static OnBadRecord of(String action) {
        return new OnBadRecord(action, Long.MAX_VALUE);
    }

    @JsonCreator(mode = JsonCreator.Mode.PROPERTIES)
    public static OnBadRecord of(
            @JsonProperty("action") @Nullable String action, @JsonProperty("max") @Nullable Long max) {
        return new OnBadRecord(action == null ? "skip" : action, max == null ? Long.MAX_VALUE : max);
    }

    public boolean skips() {
        return action.equals("skip");
    }

    public void check(String path, Problems problems) {
        problems.check(skips() || action.equals("fail"), path + ".action", "must be fail or skip, was " + action);
        problems.check(max >= 0, path + ".max", "must be ≥ 0, was " + max);
    }
}
