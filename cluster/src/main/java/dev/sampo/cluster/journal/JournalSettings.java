package dev.sampo.cluster.journal;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Where facts are kept.
 *
 * @param url JDBC, of H2 or PostgreSQL
 */
public record JournalSettings(String url, String user, String password) {
    public JournalSettings {
        if (!url.startsWith("jdbc:h2:") && !url.startsWith("jdbc:postgresql:")) {
            throw new IllegalArgumentException(
                    "sampo.journal.url must be that of PostgreSQL (jdbc:postgresql://host/database) or H2, was " + url);
        }
    }

    /** The settings of a configuration; without a URL an H2 file under the home folder. */
    public static JournalSettings from(Config root, Path home) {
        Config journal = root.getConfig("sampo.journal");
        String url = journal.getString("url");
        // WRITE_DELAY: what is acknowledged shall be in the file when the process is killed.
        // DB_CLOSE_ON_EXIT: the actor system closes it, later than H2's own hook would.
        String embedded = "jdbc:h2:file:" + home.resolve("journal/sampo").toAbsolutePath()
                + ";DATABASE_TO_UPPER=false;WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE";
        return new JournalSettings(
                url.isEmpty() ? embedded : url, journal.getString("user"), journal.getString("password"));
    }

    boolean isPostgres() {
        return url.startsWith("jdbc:postgresql:");
    }

    /** What Pekko's plugins need to know of it. */
    public Config toConfig() {
        String slick = "pekko-persistence-jdbc.shared-databases.slick.";
        Map<String, Object> values = new HashMap<>();
        values.put(slick + "profile", isPostgres() ? "slick.jdbc.PostgresProfile$" : "slick.jdbc.H2Profile$");
        values.put(slick + "db.driver", isPostgres() ? "org.postgresql.Driver" : "org.h2.Driver");
        values.put(slick + "db.url", url);
        values.put(slick + "db.user", user);
        values.put(slick + "db.password", password);
        return ConfigFactory.parseMap(values);
    }
}
