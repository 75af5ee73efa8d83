package dev.sampo.node.client;

/** No cluster answers at the address; the message says what to check. */
public final class UnreachableException extends Exception {
    private static final long serialVersionUID = 1L;

    public UnreachableException(String message) {
        super(message);
    }
}
