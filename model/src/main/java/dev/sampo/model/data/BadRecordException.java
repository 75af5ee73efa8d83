package dev.sampo.model.data;

/** A record that can't be used; the message says which field and why, and the reader adds file and line. */
public final class BadRecordException extends Exception {
    private static final long serialVersionUID = 1L;

    public BadRecordException(String message) {
        super(message);
    }
}
