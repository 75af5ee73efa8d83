package dev.sampo.model.spec;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Collects every fault of a specification with its path, so that a user sees all of them at once. One thread. */
public final class Problems {
    private final List<String> found = new ArrayList<>();

    /** Adds {@code path: message}, such as {@code training.batchSize: must be ≥ 1, was 0}. */
    public void add(String path, String message) {
        found.add(path + ": " + message);
    }

    public void check(boolean holds, String path, String message) {
        if (!holds) {
            add(path, message);
        }
    }

    /** Throws what {@code fault} makes of all the faults in one text, if there are any. */
    public <X extends Exception> void orThrow(Function<String, X> fault) throws X {
        if (!found.isEmpty()) {
            throw fault.apply(String.join("; ", found));
        }
    }

    public List<String> all() {
        return List.copyOf(found);
    }
}
