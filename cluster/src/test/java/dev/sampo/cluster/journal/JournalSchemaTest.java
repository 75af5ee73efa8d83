package dev.sampo.cluster.journal;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an embedded journal that can't be used says: where it is, why, and what may mend it. */
class JournalSchemaTest {
    @TempDir
    private Path home;

    private void create() {
        JournalSchema.create(JournalSettings.from(ConfigFactory.load("sampo-cluster"), home), Duration.ZERO);
    }

    @Test
    void aFolderThatCannotBeMade() throws Exception {
        Files.writeString(home.resolve("journal"), "a file");
        assertThatThrownBy(this::create)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll(home.resolve("journal").toString(), "may this node's user write there")
                .hasMessageNotContaining("another coordinator");
    }

    @Test
    void aDatabaseInUse() throws Exception {
        create();
        try (FileChannel file = FileChannel.open(home.resolve("journal/sampo.mv.db"), StandardOpenOption.WRITE);
                var lock = file.lock()) {
            assertThatThrownBy(this::create)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContainingAll(
                            home.resolve("journal/sampo").toString(), "does another coordinator use this home folder?");
        }
    }
}
