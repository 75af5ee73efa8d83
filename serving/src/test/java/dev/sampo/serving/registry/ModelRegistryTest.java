package dev.sampo.serving.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sampo.cluster.store.FolderStore;
import dev.sampo.cluster.store.Store;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelRegistryTest {
    @TempDir
    private Path folder;

    private Store store;
    private ModelRegistry registry;

    @BeforeEach
    void open() {
        store = new FolderStore(folder);
        registry = new ModelRegistry(store);
    }

    private void write(String name) throws Exception {
        store.write("models/" + name, name.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void anEmptyStoreHasNoModels() throws Exception {
        assertThat(registry.keys()).isEmpty();
        assertThat(registry.latest("digits")).isEmpty();
    }

    @Test
    void ordersVersionsAsNumbers() throws Exception {
        for (String version : new String[] {"10", "9", "1"}) {
            write("digits/" + version + "/model.json");
        }
        write("adult/2/model.json");

        assertThat(registry.keys()).hasToString("[adult/2, digits/1, digits/9, digits/10]");
        assertThat(registry.versions("digits")).containsExactly(1, 9, 10);
        assertThat(registry.latest("digits")).hasValue(10);
    }

    @Test
    void seesAVersionOnlyOnceItIsPublished() throws Exception {
        write("digits/.publish-77/model.json");
        write("digits/0/model.json");
        write("digits/01/model.json");
        write("digits/v1/model.json");
        write(".trash/1/model.json");
        assertThat(registry.keys()).isEmpty();

        store.move("models/digits/.publish-77", "models/digits/1");

        assertThat(registry.keys()).containsExactly(new ModelKey("digits", 1));
    }

    @Test
    void readsTheFilesOfAVersionAndNamesAMissingOne() throws Exception {
        write("digits/1/model.json");

        assertThat(registry.read(new ModelKey("digits", 1), "model.json"))
                .asString(StandardCharsets.UTF_8)
                .isEqualTo("digits/1/model.json");
        assertThatThrownBy(() -> registry.read(new ModelKey("digits", 1), "features.json"))
                .hasMessage("features.json: no such file in " + folder.resolve("models/digits/1"));
    }
}
