package dev.sampo.model.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import dev.sampo.model.feature.FeaturePipeline;
import dev.sampo.model.feature.FeatureSpec;
import dev.sampo.model.feature.FitStatistics;
import dev.sampo.model.feature.LabelSpec;
import dev.sampo.model.network.ModelSpec;
import dev.sampo.model.network.Network;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ModelArtifactTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Schema SCHEMA = new Schema(List.of("a", "b", "y"), null);

    private final List<Row> rows = new ArrayList<>();
    private Map<String, byte[]> files;
    private float[] weights;

    @BeforeEach
    void makeAnArtifact() throws Exception {
        Random random = new Random(3);
        for (int i = 0; i < 500; i++) {
            rows.add(new Row(
                    new String[] {"" + random.nextGaussian(), "" + random.nextGaussian(), "" + random.nextInt(3)},
                    null));
        }
        LabelSpec label = new LabelSpec("y", "classes", null, null, null);
        List<FeatureSpec> features =
                List.of(new FeatureSpec(List.of("a", "b"), List.of("standardize"), null, null, null, null, null));
        FitStatistics statistics = FitStatistics.empty(features, label, null, SCHEMA);
        for (Row row : rows) {
            statistics.add(row);
        }
        FeaturePipeline pipeline = statistics.fit();
        ModelSpec spec = JSON.readValue("{\"type\": \"mlp\", \"hidden\": [7]}", ModelSpec.class);
        Network network = Network.of(spec, pipeline.width(), pipeline.target());
        weights = new float[network.parameterCount()];
        network.initialize(5, weights);
        ModelDocument document = ModelDocument.of(
                "m", 1, "m-1", "now", spec, pipeline, Map.of(), JSON.createObjectNode(), Map.of(), 5, 500);
        files = new LinkedHashMap<>(ModelArtifact.files(document, pipeline, network, weights));
    }

    private ModelArtifact load() throws IOException {
        return ModelArtifact.load(name -> {
            byte[] bytes = files.get(name);
            if (bytes == null) {
                throw new FileNotFoundException(name);
            }
            return bytes;
        });
    }

    private static float[] predict(ModelArtifact artifact, int rowsMax, List<Row> rows) throws Exception {
        try (Predictor predictor = new Predictor(artifact, rowsMax)) {
            return predictor.predict(SCHEMA, rows).values();
        }
    }

    @Test
    void anArtifactComesBackAsItWas() throws Exception {
        ModelArtifact artifact = load();
        assertThat(artifact.weights()).isEqualTo(weights);
        assertThat(artifact.document().weightsSha256())
                .isEqualTo(ModelArtifact.sha256(files.get(ModelArtifact.WEIGHTS)));
    }

    @Test
    void aRowIsPredictedAloneAsAmong500() throws Exception {
        ModelArtifact artifact = load();
        float[] together = predict(artifact, 500, rows);
        assertThat(together).hasSize(1500);
        for (int rowsMax : new int[] {1, 7, 64, 500}) {
            float[] split = predict(artifact, rowsMax, rows);
            for (int i = 0; i < split.length; i++) {
                assertThat(split[i]).isCloseTo(together[i], within(1e-6f));
            }
        }
        assertThatThrownBy(() -> predict(artifact, 0, rows)).hasMessageContaining("must be ≥ 1");
    }

    @Test
    void aDamagedOrMissingFileIsNamed() throws Exception {
        for (String name : List.of(ModelArtifact.WEIGHTS, ModelArtifact.FEATURES, ModelArtifact.MODEL)) {
            byte[] good = files.get(name);
            byte[] bad = good.clone();
            bad[bad.length - 1] ^= 1;
            files.put(name, bad);
            assertThatThrownBy(this::load).isInstanceOf(IOException.class).hasMessageContaining(name + " is damaged");
            files.remove(name);
            assertThatThrownBy(this::load).hasMessageContaining(name);
            files.put(name, good);
        }
        load();
    }

    /** Replaces a file and its line in the sums, as someone would who mixes two models up. */
    private void replace(String name, byte[] bytes) {
        String sums = new String(files.get(ModelArtifact.SUMS), StandardCharsets.UTF_8);
        sums = sums.replace(ModelArtifact.sha256(files.get(name)), ModelArtifact.sha256(bytes));
        files.put(name, bytes);
        files.put(ModelArtifact.SUMS, sums.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void weightsOfAnotherModelAreRefused() throws Exception {
        Network network = load().network();
        replace(ModelArtifact.WEIGHTS, Safetensors.write(network, new float[weights.length]));
        assertThatThrownBy(this::load).hasMessageContaining("weights.safetensors is not the file that model.json");
    }

    private void edit(String name, String part, String by) {
        String text = new String(files.get(name), StandardCharsets.UTF_8);
        assertThat(text).contains(part);
        replace(name, text.replace(part, by).getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void documentsThatDoNotBelongTogetherAreRefused() throws Exception {
        Map<String, byte[]> good = Map.copyOf(files);
        String[][] edits = {
            {
                ModelArtifact.MODEL,
                "\"features\" : 2",
                "\"features\" : 3",
                "features.json is not the file that model.json"
            },
            {
                ModelArtifact.MODEL,
                "\"name\" : \"b\"",
                "\"name\" : \"z\"",
                "features.json is not the file that model.json"
            },
            {ModelArtifact.MODEL, "\"formatVersion\" : 1", "\"formatVersion\" : 2", "model.json has format version 2"},
            {ModelArtifact.MODEL, "\"architecture\"", "\"archi\"", "model.json is damaged: it has no architecture"},
            {ModelArtifact.MODEL, "\"hidden\" : [ 7 ]", "\"hidden\" : [ 0 ]", "model.json: architecture.hidden: widths"
            },
            {ModelArtifact.MODEL, "\"mlp\"", "\"cnn\"", "model.json: architecture.type"},
            {ModelArtifact.MODEL, "{", "[", "model.json"},
            {ModelArtifact.FEATURES, "\"features\" :", "\"extras\" :", "features.json can't be read"},
            {ModelArtifact.FEATURES, "\"width\" : 2", "\"width\" : 4", "features.json is damaged: its width is 4"},
            {
                ModelArtifact.FEATURES,
                "\"width\" : 1",
                "\"width\" : 2",
                "features.json is damaged: the feature of columns [a]"
            },
            {ModelArtifact.FEATURES, "\"shift\"", "\"divisor\"", "features.json can't be read"},
            {ModelArtifact.FEATURES, "[ \"a\" ]", "[ null ]", "features.json is damaged: the feature of columns [null]"}
        };
        for (String[] each : edits) {
            files = new LinkedHashMap<>(good);
            edit(each[0], each[1], each[2]);
            assertThatThrownBy(this::load)
                    .as(each[2])
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(each[3]);
        }
    }

    @Test
    void damagedSumsAreNamed() throws Exception {
        String sums = new String(files.get(ModelArtifact.SUMS), StandardCharsets.UTF_8);
        files.put(ModelArtifact.SUMS, sums.replace("model.json", "other.json").getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(this::load).hasMessage("SHA256SUMS is damaged: it has no line for model.json");
        // A file's own sum, but of another name that ends alike, must not do.
        files.put(ModelArtifact.SUMS, sums.replace("  model", "  x  model").getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(this::load).hasMessage("SHA256SUMS is damaged: it has no line for model.json");
        files.put(ModelArtifact.SUMS, ("nonsense\n" + sums).getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(this::load).hasMessageContaining("SHA256SUMS is damaged: \"nonsense\"");
        files.put(ModelArtifact.SUMS, (sums + sums).getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(this::load).hasMessageContaining("SHA256SUMS is damaged");
    }

    @Test
    void damageWithinTheWeightsNamesTheFile() throws Exception {
        byte[] weightsFile = files.get(ModelArtifact.WEIGHTS).clone();
        weightsFile[0] = 3;
        String old = ModelArtifact.sha256(files.get(ModelArtifact.WEIGHTS));
        replace(ModelArtifact.WEIGHTS, weightsFile);
        edit(ModelArtifact.MODEL, old, ModelArtifact.sha256(weightsFile));
        assertThatThrownBy(this::load)
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("weights.safetensors: not a safetensors file");
    }

    @Test
    void tensorsThatOverlapOrLeaveHolesAreRefused() throws Exception {
        // layers.0.weight [2,7] is [0,56], layers.0.bias [7] [56,84], layers.1.weight [7,3] [84,168], layers.1.bias
        // [168,180].
        Network network = load().network();
        byte[] good = files.get(ModelArtifact.WEIGHTS);
        int headerBytes =
                (int) ByteBuffer.wrap(good).order(ByteOrder.LITTLE_ENDIAN).getLong();
        String header = new String(good, 8, headerBytes, StandardCharsets.UTF_8).trim();
        assertThat(header).contains("[56,84]").contains("[168,180]");
        assertRefused(
                network,
                safetensors(header.replace("[56,84]", "[28,56]"), 180),
                "tensor layers.0.bias begins at data byte 28, the one before it ends at 56");
        assertRefused(network, safetensors(header.replace("[168,180]", "[172,184]"), 184), "layers.1.bias begins");
        assertRefused(network, safetensors(header, 184), "tensors cover 180 of the 184 bytes");
        assertRefused(network, safetensors(header.replace("[56,84]", "[56.0,84]"), 180), "data_offsets");
        assertRefused(network, safetensors(header.replace("[56,84]", "[56,84,0]"), 180), "data_offsets");
        assertRefused(network, safetensors(header + "{}", 180), "not JSON");
        String twice = header.substring(0, header.length() - 1) + ",\"layers.0.bias\":{}}";
        assertRefused(network, safetensors(twice, 180), "Duplicate field");
        // The order in the file is free, and other tools add metadata.
        String moved = header.replace("[0,56]", "[28,84]").replace("[56,84]", "[0,28]");
        assertThat(Safetensors.read(network, safetensors(moved, 180))).hasSize(45);
        String described = "{\"__metadata__\":{\"format\":\"pt\"}," + header.substring(1);
        assertThat(Safetensors.read(network, safetensors(described, 180))).hasSize(45);
    }

    private static byte[] safetensors(String header, int dataBytes) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + json.length + dataBytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .array();
    }

    @Test
    void foreignSafetensorsAreRefusedBeforeTheyAreRead() throws Exception {
        Network network = load().network();
        byte[] good = files.get(ModelArtifact.WEIGHTS);
        int headerBytes =
                (int) ByteBuffer.wrap(good).order(ByteOrder.LITTLE_ENDIAN).getLong();
        String header = new String(good, 8, headerBytes, StandardCharsets.UTF_8);
        int data = good.length - 8 - headerBytes;
        assertThat(Safetensors.read(network, safetensors(header, data))).hasSize(weights.length);
        String first = network.tensors().get(0).name();
        assertThatThrownBy(() -> Safetensors.write(network, new float[3])).hasMessageContaining("weights must be 45");
        assertRefused(network, new byte[7], "not a safetensors file");
        assertRefused(network, safetensors("{]", 0), "not JSON");
        assertRefused(network, safetensors("{}", data), first);
        assertRefused(network, safetensors(header.replace("[2,7]", "[7,2]"), data), "expected F32 [2, 7]");
        assertRefused(network, safetensors(header.replaceFirst("F32", "F64"), data), "expected F32");
        assertRefused(network, safetensors(header, data - 4), "data_offsets");
        for (long offset : new long[] {Long.MIN_VALUE, -4, 1L << 32, Long.MAX_VALUE - 56, Long.MAX_VALUE}) {
            String moved = header.replace("[0,56]", "[" + offset + "," + (offset + 56) + "]");
            assertThat(moved).isNotEqualTo(header);
            assertRefused(network, safetensors(moved, data), "data_offsets");
        }
        ByteBuffer huge = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(0, Long.MAX_VALUE);
        assertRefused(network, huge.array(), "not a safetensors file");
    }

    private static void assertRefused(Network network, byte[] file, String message) {
        assertThatThrownBy(() -> Safetensors.read(network, file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(message);
    }
}
