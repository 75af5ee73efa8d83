package dev.sampo.cluster.journal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Objects;
import org.h2.api.ErrorCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the journal's tables where they are not there yet. */
public final class JournalSchema {
    private static final Logger LOG = LoggerFactory.getLogger(JournalSchema.class);
    private static final long RETRY_MS = 1_000;
    /** Of PostgreSQL's advisory locks: "sampo" on a telephone's keys. */
    private static final long LOCK = 72676;

    private JournalSchema() {}

    /**
     * Once at a coordinator's start; {@link IllegalStateException} says which database can't be used and why.
     *
     * @param patience how long a PostgreSQL that is not there, or still starts, is waited for
     */
    public static void create(JournalSettings settings, Duration patience) {
        long end = System.nanoTime() + patience.toNanos();
        boolean told = false;
        while (true) {
            try {
                createNow(settings);
                return;
            } catch (SQLException | IOException e) {
                if (!(e instanceof SQLException sql && settings.isPostgres() && isAway(sql))
                        || System.nanoTime() > end) {
                    throw new IllegalStateException(
                            "the journal " + settings.url().split("[?;]")[0] + " can't be used: " + e.getMessage()
                                    + "; " + advice(e, settings),
                            e);
                }
                if (!told) {
                    LOG.warn(
                            "the journal is not there yet, waiting up to {} s: {}",
                            patience.toSeconds(),
                            e.getMessage());
                    told = true;
                }
                sleep();
            }
        }
    }

    private static String advice(Exception e, JournalSettings settings) {
        if (settings.isPostgres()) {
            return "is PostgreSQL up, and are sampo.journal.user and .password right?";
        }
        return e instanceof SQLException sql && sql.getErrorCode() == ErrorCode.DATABASE_ALREADY_OPEN_1
                ? "does another coordinator use this home folder? several need PostgreSQL (sampo.journal.url)"
                : "may this node's user write there (on Kubernetes: does the volume honour fsGroup), and is there room?";
    }

    /** Whether trying again may help: no connection (class 08), or a server that starts or stops (57P). */
    private static boolean isAway(SQLException e) {
        String state = e.getSQLState();
        return state != null && (state.startsWith("08") || state.startsWith("57P"));
    }

    private static void sleep() {
        try {
            Thread.sleep(RETRY_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for the journal", e);
        }
    }

    private static void createNow(JournalSettings settings) throws SQLException, IOException {
        try (Connection connection =
                DriverManager.getConnection(settings.url(), settings.user(), settings.password())) {
            connection.setAutoCommit(false);
            if (settings.isPostgres()) {
                // Two coordinators that start at once: the second finds the tables of the first. Held until the commit.
                try (Statement statement = connection.createStatement()) {
                    statement.execute("SELECT pg_advisory_xact_lock(" + LOCK + ")");
                }
            }
            if (!hasTables(connection)) {
                run(connection, settings.isPostgres() ? "schema/postgres/postgres" : "schema/h2/h2");
            }
            connection.commit();
        }
    }

    private static boolean hasTables(Connection connection) throws SQLException {
        try (ResultSet tables = connection.getMetaData().getTables(null, null, "event_journal", null)) {
            return tables.next();
        }
    }

    private static void run(Connection connection, String script) throws SQLException, IOException {
        String sql;
        try (InputStream in = Objects.requireNonNull(
                JournalSchema.class.getClassLoader().getResourceAsStream(script + "-create-schema.sql"), script)) {
            sql = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        try (Statement statement = connection.createStatement()) {
            for (String each : sql.split(";")) {
                if (!each.isBlank()) {
                    // Concurrent building has no place in a transaction, nor any use where the table is new.
                    statement.execute(each.replace(" CONCURRENTLY", ""));
                }
            }
        }
    }
}
