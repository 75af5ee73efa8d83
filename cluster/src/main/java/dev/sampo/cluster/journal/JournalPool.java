package dev.sampo.cluster.journal;

import com.typesafe.config.Config;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.persistence.jdbc.db.SlickExtension;
import org.apache.pekko.persistence.jdbc.db.SlickExtensionImpl;
import slick.jdbc.JdbcDataSource;
import slick.jdbc.hikaricp.HikariCPJdbcDataSource;

/** The connections that all journals of a node share. */
final class JournalPool {
    private JournalPool() {}

    /**
     * Lets all connections go, those in use once they are not. An embedded database that had to close (a full disk) opens again
     * only when no connection to the closed one is left, and says of such a connection that it is valid.
     */
    static void evict(ActorSystem system) {
        Config plugin = system.settings().config().getConfig("jdbc-journal");
        JdbcDataSource source = ((SlickExtensionImpl) SlickExtension.get(system))
                .database(plugin)
                .database()
                .source();
        if (source instanceof HikariCPJdbcDataSource pooled) {
            pooled.ds().getHikariPoolMXBean().softEvictConnections();
        }
    }
}
