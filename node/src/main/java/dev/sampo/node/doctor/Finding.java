package dev.sampo.node.doctor;

/**
 * One thing that was looked at.
 *
 * @param mend what to do; empty if nothing
 */
public record Finding(String check, Level level, String found, String mend) {
    /** How bad it is. */
    public enum Level {
        OK,
        /** Works, but should not stay so. */
        WARN,
        /** A node or a client won't work. */
        FAIL
    }

    static Finding ok(String check, String found) {
        return new Finding(check, Level.OK, found, "");
    }

    static Finding warn(String check, String found, String mend) {
        return new Finding(check, Level.WARN, found, mend);
    }

    static Finding fail(String check, String found, String mend) {
        return new Finding(check, Level.FAIL, found, mend);
    }
}
