package dev.sampo.cluster.journal;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
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
        // TRACE_LEVEL_FILE: who asks gets every error, and says it; H2 would print its stack trace too.
        String embedded = "jdbc:h2:file:" + home.resolve("journal/sampo").toAbsolutePath()
                + ";DATABASE_TO_UPPER=false;WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE;TRACE_LEVEL_FILE=0";
        return new JournalSettings(
                url.isEmpty() ? embedded : url, journal.getString("user"), journal.getString("password"));
    }

    /** Where a configured journal is, without what may be secret. */
    static String place(Config root) {
        return root.getString("pekko-persistence-jdbc.shared-databases.slick.db.url")
                .split("[?;]")[0];
    }

    boolean isPostgres() {
        return url.startsWith("jdbc:postgresql:");
    }

    /** A database that hangs is as good as away, but only a timeout finds out; in seconds, unless the URL has its own. */
    private static String withTimeouts(String url) {
        StringBuilder all = new StringBuilder(url);
        for (String setting : List.of("connectTimeout=3", "socketTimeout=8", "tcpKeepAlive=true")) {
            if (!url.contains(setting.substring(0, setting.indexOf('=') + 1))) {
                all.append(all.indexOf("?") < 0 ? '?' : '&').append(setting);
            }
        }
        return all.toString();
    }

    /** What Pekko's plugins need to know of it. */
    public Config toConfig() {
        String slick = "pekko-persistence-jdbc.shared-databases.slick.";
        Map<String, Object> values = new HashMap<>();
        values.put(slick + "profile", isPostgres() ? "slick.jdbc.PostgresProfile$" : "slick.jdbc.H2Profile$");
        values.put(slick + "db.driver", isPostgres() ? "org.postgresql.Driver" : "org.h2.Driver");
        values.put(slick + "db.url", isPostgres() ? withTimeouts(url) : url);
        values.put(slick + "db.user", user);
        values.put(slick + "db.password", password);
        return ConfigFactory.parseMap(values);
    }
}
