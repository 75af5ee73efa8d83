package dev.sampo.serving.json;

/** A request that can't be used; the message names the place, what was expected and what was found. */
public final class BadInputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public BadInputException(String message) {
        super(message);
    }
}
