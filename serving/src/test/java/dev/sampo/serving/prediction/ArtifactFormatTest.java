package dev.sampo.serving.prediction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.cluster.store.FolderStore;
import dev.sampo.model.artifact.ModelArtifact;
import dev.sampo.model.artifact.ModelDocument;
import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import dev.sampo.model.feature.FeaturePipeline;
import dev.sampo.model.feature.FeatureSpec;
import dev.sampo.model.feature.FitStatistics;
import dev.sampo.model.feature.LabelSpec;
import dev.sampo.model.network.ModelSpec;
import dev.sampo.model.network.Network;
import dev.sampo.serving.registry.ModelInfo;
import dev.sampo.serving.registry.ModelInfo.State;
import dev.sampo.serving.registry.ModelKey;
import dev.sampo.serving.registry.ModelRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Artifacts as training publishes them, in a folder; the model is price = 100 * rooms / 4 + 7. */
class ArtifactFormatTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ModelKey HOUSE = new ModelKey("house", 1);

    @TempDir
    private Path folder;

    @BeforeEach
    void publish() throws Exception {
        publish(1, 100, 7);
    }

    /** The way of publishing: all files under a temporary name, then one rename. */
    private void publish(int version, float... weights) throws Exception {
        Schema schema = new Schema(List.of("rooms", "price"), null);
        List<FeatureSpec> features = List.of(JSON.readValue(
                "{\"columns\": \"rooms\", \"transform\": \"scale\", \"divideBy\": 4}", FeatureSpec.class));
        LabelSpec label = new LabelSpec("price", "numeric", null, null, null);
        FitStatistics statistics = FitStatistics.empty(features, label, null, schema);
        statistics.add(new Row(new String[] {"4", "107"}, null));
        FeaturePipeline pipeline = statistics.fit();
        ModelSpec spec = JSON.readValue("{\"type\": \"linear\"}", ModelSpec.class);
        Network network = Network.of(spec, pipeline.width(), pipeline.target());
        ModelDocument document = ModelDocument.of(
                "house",
                version,
                "house-1",
                "2026-11-01T00:00:00Z",
                spec,
                pipeline,
                Map.of("rmse", 2.5, "note", "text"),
                JSON.createObjectNode(),
                Map.of(),
                1,
                1);
        FolderStore store = new FolderStore(folder);
        for (var file :
                ModelArtifact.files(document, pipeline, network, weights).entrySet()) {
            store.write("models/house/.publish-" + version + "/" + file.getKey(), file.getValue());
        }
        store.move("models/house/.publish-" + version, "models/house/" + version);
    }

    private Path file(String name) {
        return folder.resolve("models/house/1").resolve(name);
    }

    private RegistryModels models() {
        return new RegistryModels(new ModelRegistry(new FolderStore(folder)), new ArtifactFormat(2));
    }

    private static RowTable rooms(String... rooms) {
        String[][] cells = new String[rooms.length][];
        for (int i = 0; i < rooms.length; i++) {
            cells[i] = new String[] {rooms[i]};
        }
        return new RowTable(List.of("rooms"), null, 0, cells, null, null);
    }

    @Test
    void describesAndPredictsWhatWasPublished() throws Exception {
        ModelInfo info = models().scan(Set.of()).found().get(0);
        assertThat(info.state()).isEqualTo(State.AVAILABLE);
        assertThat(info.inputs()).containsExactly(new ModelInfo.Input("rooms", ModelInfo.Kind.NUMBER, 1));
        assertThat(info.metrics()).containsExactly(Map.entry("rmse", 2.5));
        try (LoadedModel model = models().load(HOUSE)) {
            // Five rows take three forward passes of at most two.
            Predicted predicted = model.predict(rooms("1", "2", "3", "4", "-8"));
            float[] expected = {32, 57, 82, 107, -193};
            for (int i = 0; i < expected.length; i++) {
                assertThat(predicted.values()[i]).isCloseTo(expected[i], within(1e-4f));
            }
            assertThat(model.predict(rooms()).values()).isEmpty();
        }
    }

    @Test
    void aBadRowIsRefusedAndTheNextOneServed() throws Exception {
        try (LoadedModel model = models().load(HOUSE)) {
            assertThatThrownBy(() -> model.predict(rooms("2", "many")))
                    .isInstanceOf(BadRecordException.class)
                    .hasMessage("column rooms: \"many\" is not a number");
            assertThat(model.predict(rooms("4")).values()[0]).isCloseTo(107f, within(1e-4f));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {ModelArtifact.WEIGHTS, ModelArtifact.FEATURES, ModelArtifact.MODEL, ModelArtifact.SUMS})
    void namesTheFileThatIsMissing(String name) throws Exception {
        Files.delete(file(name));
        assertThatThrownBy(() -> models().load(HOUSE))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {ModelArtifact.WEIGHTS, ModelArtifact.FEATURES, ModelArtifact.MODEL})
    void namesTheFileThatIsDamaged(String name) throws Exception {
        byte[] bytes = Files.readAllBytes(file(name));
        bytes[bytes.length / 2] ^= 4;
        Files.write(file(name), bytes);
        assertThatThrownBy(() -> models().load(HOUSE))
                .isInstanceOf(IOException.class)
                .hasMessage(name + " is damaged: its SHA-256 is not the one in SHA256SUMS");
        Files.write(file(name), new byte[0]);
        assertThatThrownBy(() -> models().load(HOUSE)).hasMessageStartingWith(name + " is damaged");
    }

    /** A whole version's files, but one is another version's and the sums were made again. */
    @Test
    void weightsOfAnotherVersionAreRefused() throws Exception {
        publish(2, 5, 6);
        byte[] foreign = Files.readAllBytes(folder.resolve("models/house/2/weights.safetensors"));
        String sums = Files.readString(file(ModelArtifact.SUMS))
                .replace(
                        ModelArtifact.sha256(Files.readAllBytes(file(ModelArtifact.WEIGHTS))),
                        ModelArtifact.sha256(foreign));
        Files.write(file(ModelArtifact.WEIGHTS), foreign);
        Files.writeString(file(ModelArtifact.SUMS), sums);
        assertThatThrownBy(() -> models().load(HOUSE))
                .hasMessage("weights.safetensors is not the file that model.json describes: its SHA-256 differs");
    }

    @Test
    void aForeignDocumentIsDamagedAndCostsOnlyItself() throws Exception {
        publish(2, 5, 6);
        for (String foreign :
                List.of("", "[]", "{}", "null", "{\"formatVersion\": 1}", "\u0000\u0001", "{\"formatVersion\": 9}")) {
            Files.write(file(ModelArtifact.MODEL), foreign.getBytes(StandardCharsets.UTF_8));
            List<ModelInfo> found = models().scan(Set.of()).found();
            assertThat(found).extracting(ModelInfo::state).as(foreign).containsExactly(State.DAMAGED, State.AVAILABLE);
            assertThat(found.get(0).reason()).as(foreign).startsWith("model.json ");
        }
    }

    @Test
    void aPublishedVersionIsNeverReplaced() throws Exception {
        byte[] before = Files.readAllBytes(file(ModelArtifact.WEIGHTS));
        assertThatThrownBy(() -> publish(1, 1, 1)).isInstanceOf(FileAlreadyExistsException.class);
        assertThat(Files.readAllBytes(file(ModelArtifact.WEIGHTS))).isEqualTo(before);
        assertThat(models().scan(Set.of()).present()).containsExactly(HOUSE);
    }
}
