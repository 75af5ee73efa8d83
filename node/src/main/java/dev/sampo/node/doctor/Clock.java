package dev.sampo.node.doctor;

import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;

/** How far this machine's clock is from another's, as its HTTP answers tell. */
final class Clock {
    private static final Duration MUCH = Duration.ofSeconds(30);
    private static final Duration LITTLE = Duration.ofSeconds(3);

    private Clock() {}

    /** @param date header of an answer that came just now; its resolution is a second */
    static Finding compare(String whose, String date, Instant now) {
        Duration skew;
        try {
            skew = Duration.between(
                            ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME)
                                    .toInstant(),
                            now)
                    .abs();
        } catch (DateTimeParseException e) {
            return Finding.warn("clock", whose + " tells no time (\"" + date + "\")", "compare the clocks by hand");
        }
        String found = skew.toSeconds() + " s from the clock of " + whose;
        String mend = "let both synchronise their clocks (NTP): certificates and tokens depend on it";
        if (skew.compareTo(MUCH) > 0) {
            return Finding.fail("clock", found, mend);
        }
        return skew.compareTo(LITTLE) > 0 ? Finding.warn("clock", found, mend) : Finding.ok("clock", found);
    }
}
