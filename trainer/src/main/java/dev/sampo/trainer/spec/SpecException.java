package dev.sampo.trainer.spec;

import java.util.List;

/** A job spec that can't be run, with every fault and its path. */
public final class SpecException extends Exception {
    private static final long serialVersionUID = 1L;

    @SuppressWarnings("serial")
    private final List<String> problems;

    public SpecException(List<String> problems) {
        super(String.join("\n", problems));
        this.problems = List.copyOf(problems);
    }

    public List<String> problems() {
        return problems;
    }
}
