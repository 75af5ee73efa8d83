package dev.sampo.node.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.slf4j.LoggerFactory;

/** How much is logged; {@code SAMPO_LOG} in the environment says it for everything. */
final class Logging {
    private Logging() {}

    /** What Sampo itself does, such as a job's changes of state. */
    static void showOwn() {
        lower("dev.sampo", Level.INFO);
    }

    /** What the libraries under it do, too. */
    static void showAll() {
        lower(Logger.ROOT_LOGGER_NAME, Level.INFO);
        lower("org.apache.pekko.management.cluster.bootstrap", Level.INFO);
        lower("dev.sampo.cluster.formation.CoordinatorsDecider", Level.INFO);
    }

    private static void lower(String name, Level level) {
        if (LoggerFactory.getLogger(name) instanceof Logger logger
                && logger.getEffectiveLevel().isGreaterOrEqual(level)) {
            logger.setLevel(level);
        }
    }
}
