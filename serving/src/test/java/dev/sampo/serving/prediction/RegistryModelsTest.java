package dev.sampo.serving.prediction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sampo.cluster.store.FolderStore;
import dev.sampo.cluster.store.Store;
import dev.sampo.serving.MemoryModels;
import dev.sampo.serving.Samples;
import dev.sampo.serving.Settings;
import dev.sampo.serving.registry.ModelInfo;
import dev.sampo.serving.registry.ModelInfo.State;
import dev.sampo.serving.registry.ModelKey;
import dev.sampo.serving.registry.ModelRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A registry on disk, with a format whose weights are the text {@code sound}. */
class RegistryModelsTest {
    @TempDir
    private Path folder;

    private static final class TextFormat implements ModelFormat {
        @Override
        public ModelInfo describe(ModelKey key, Files files) throws IOException {
            String document = new String(files.read("model.json"), StandardCharsets.UTF_8);
            if (!document.equals("house")) {
                throw new IllegalArgumentException("model.json: unknown architecture " + document);
            }
            return Samples.info(
                    key.name(),
                    key.version(),
                    Samples.NUMERIC,
                    Samples.house().inputs().get(0));
        }

        @Override
        public LoadedModel load(ModelKey key, Files files) throws IOException {
            if (!new String(files.read("weights"), StandardCharsets.UTF_8).equals("sound")) {
                throw new IllegalStateException("weights: checksum differs");
            }
            return new MemoryModels().with(describe(key, files)).load(key);
        }
    }

    private Store store() {
        return new FolderStore(folder);
    }

    private RegistryModels models() {
        return new RegistryModels(new ModelRegistry(store()), new TextFormat());
    }

    private void publish(int version, String document, String weights) throws IOException {
        String building = "models/house/.publish-" + version;
        store().write(building + "/weights", weights.getBytes(StandardCharsets.UTF_8));
        store().write(building + "/model.json", document.getBytes(StandardCharsets.UTF_8));
        store().move(building, "models/house/" + version);
    }

    @Test
    void aDamagedVersionCostsOnlyItself() throws Exception {
        publish(1, "house", "sound");
        publish(2, "castle", "sound");
        store().write("models/house/3/weights", new byte[0]);

        ModelSource.Scan scan = models().scan(Set.of());

        assertThat(scan.present()).hasSize(3);
        assertThat(scan.found())
                .extracting(ModelInfo::state)
                .containsExactly(State.AVAILABLE, State.DAMAGED, State.DAMAGED);
        assertThat(scan.found().get(1).reason()).isEqualTo("model.json: unknown architecture castle");
        assertThat(scan.found().get(2).reason()).startsWith("model.json: no such file in ");
    }

    @Test
    void doesNotReadKnownVersionsAgain() throws Exception {
        publish(1, "house", "sound");
        publish(2, "house", "sound");

        ModelSource.Scan scan = models().scan(Set.of(new ModelKey("house", 1)));

        assertThat(scan.present()).hasSize(2);
        assertThat(scan.found()).extracting(ModelInfo::version).containsExactly(2);
    }

    @Test
    void namesWhatIsWrongWithTheWeights() throws Exception {
        publish(1, "house", "rotten");
        assertThatThrownBy(() -> models().load(new ModelKey("house", 1)))
                .isInstanceOf(IOException.class)
                .hasMessage("weights: checksum differs");
    }

    @Test
    void servesFromDiskAndPicksUpWhatIsPublished() throws Exception {
        ActorTestKit kit = ActorTestKit.create(Settings.config(""));
        try {
            publish(1, "house", "sound");
            publish(2, "house", "rotten");
            ServingSettings settings = Settings.settings("");
            Serving.start(kit.system(), models(), settings);
            ServingClient client = ServingClient.create(kit.system(), settings);
            var probe = kit.<Void>createTestProbe();
            probe.awaitAssert(() -> {
                assertThat(version(client)).isEqualTo(1);
                return null;
            });

            publish(3, "house", "sound");

            probe.awaitAssert(() -> {
                assertThat(version(client)).isEqualTo(3);
                return null;
            });
        } finally {
            kit.shutdownTestKit();
        }
    }

    private static int version(ServingClient client) {
        try {
            var reply = client.describe("house", null).toCompletableFuture().get(5, TimeUnit.SECONDS);
            return ((Described) reply).model().version();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
