package dev.sampo.cluster.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderStoreTest {
    @TempDir
    private Path home;

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void aBlobIsThereWholeOrNotAtAll() throws Exception {
        FolderStore store = new FolderStore(home);
        store.write("a/b", bytes("first"));
        store.write("a/b", bytes("second"));
        assertThat(store.read("a/b")).asString().isEqualTo("second");
        assertThat(store.list("a")).containsExactly("b");
        assertThat(store.list("nothing")).isEmpty();
    }

    /** A worker that was given up writes into the folder that the coordinator is about to remove. */
    @Test
    void whoWritesWhileTheFolderIsRemovedIsNotToldOfIt() throws Exception {
        FolderStore store = new FolderStore(home);
        CompletableFuture<Void> remover = CompletableFuture.runAsync(() -> {
            try {
                for (int i = 0; i < 300; i++) {
                    store.delete("evaluation/7");
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        for (int i = 0; i < 300; i++) {
            store.write("evaluation/7/" + i % 5, bytes("metrics"));
        }
        remover.get(30, TimeUnit.SECONDS);
    }
}
