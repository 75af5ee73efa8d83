package dev.sampo.cluster.journal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Objects;

/** Makes the journal's tables where they are not there yet. */
public final class JournalSchema {
    private JournalSchema() {}

    /** Once at a coordinator's start; {@link IllegalStateException} says which database can't be used and why. */
    public static void create(JournalSettings settings) {
        try (Connection connection =
                DriverManager.getConnection(settings.url(), settings.user(), settings.password())) {
            if (!hasTables(connection)) {
                run(connection, settings.isPostgres() ? "schema/postgres/postgres" : "schema/h2/h2");
            }
        } catch (SQLException | IOException e) {
            throw new IllegalStateException(
                    "the journal " + settings.url() + " can't be used: " + e.getMessage()
                            + (settings.isPostgres()
                                    ? "; is PostgreSQL up, and are sampo.journal.user and .password right?"
                                    : "; does another coordinator use this home folder? several need PostgreSQL"
                                            + " (sampo.journal.url)"),
                    e);
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
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            for (String each : sql.split(";")) {
                if (!each.isBlank()) {
                    statement.execute(each);
                }
            }
        }
        connection.commit();
    }
}
