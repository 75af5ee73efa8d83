package dev.sampo.model.data;

import java.util.List;

/**
 * What a model learns to predict, after the fit: the classes in order, or a number.
 *
 * @param kind binary has one score (the log-odds of {@code classes[1]}), classes one score each, numeric one value
 * @param classes label texts in class order; [negative, positive] if binary, empty if numeric
 */
public record Target(Kind kind, List<String> classes) {
    /** The kind of target. */
    public enum Kind {
        BINARY,
        CLASSES,
        NUMERIC
    }

    public Target {
        classes = List.copyOf(classes);
    }

    /** Number of scores a model has for this target. */
    public int outputs() {
        return kind == Kind.CLASSES ? classes.size() : 1;
    }
}
