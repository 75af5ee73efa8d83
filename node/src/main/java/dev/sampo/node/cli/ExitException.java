package dev.sampo.node.cli;

/** Ends the program with a message and an exit code. */
final class ExitException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final int code;

    ExitException(int code, String message) {
        super(message);
        this.code = code;
    }

    int code() {
        return code;
    }
}
