package dev.sampo.model.spec;

import java.util.ArrayList;
import java.util.List;

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

    public List<String> all() {
        return List.copyOf(found);
    }
}
