package dev.sampo.ingestion.source;

import java.io.IOException;

/** A source that can't be used at all; the message names the file, the reason and what to do. Trying again is vain. */
public final class BadSourceException extends IOException {
    private static final long serialVersionUID = 1L;

    public BadSourceException(String message) {
        super(message);
    }

    public BadSourceException(String message, Throwable cause) {
        super(message, cause);
    }
}
