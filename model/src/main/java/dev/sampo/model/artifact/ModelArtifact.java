package dev.sampo.model.artifact;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.sampo.model.feature.FeaturePipeline;
import dev.sampo.model.network.Network;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A self-contained model version: weights, architecture and features, with checksums that {@code sha256sum -c SHA256SUMS}
 * verifies. Immutable.
 */
public record ModelArtifact(ModelDocument document, FeaturePipeline pipeline, Network network, float[] weights) {
    public static final String WEIGHTS = "weights.safetensors";
    public static final String MODEL = "model.json";
    public static final String FEATURES = "features.json";
    public static final String SUMS = "SHA256SUMS";
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** Gives a file of the artifact by name. */
    @FunctionalInterface
    public interface FileReader {
        byte[] read(String name) throws IOException;
    }

    /** The artifact's files by name. */
    public static Map<String, byte[]> files(
            ModelDocument document, FeaturePipeline pipeline, Network network, float[] weights) {
        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put(WEIGHTS, Safetensors.write(network, weights));
        files.put(FEATURES, pipeline.toJson().getBytes(StandardCharsets.UTF_8));
        try {
            files.put(MODEL, JSON.writeValueAsBytes(document.withWeights(sha256(present(files, WEIGHTS)))));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a model document must be JSON", e);
        }
        StringBuilder sums = new StringBuilder();
        files.forEach((name, bytes) ->
                sums.append(sha256(bytes)).append("  ").append(name).append('\n'));
        files.put(SUMS, sums.toString().getBytes(StandardCharsets.UTF_8));
        return files;
    }

    /** Reads an artifact and verifies every file; an error names the file that is missing or damaged. */
    public static ModelArtifact load(FileReader reader) throws IOException {
        String sums = new String(reader.read(SUMS), StandardCharsets.UTF_8);
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (String name : new String[] {WEIGHTS, FEATURES, MODEL}) {
            byte[] bytes = reader.read(name);
            if (!sums.contains(sha256(bytes) + "  " + name + "\n")) {
                throw new IOException(name + " is damaged: its SHA-256 is not the one in " + SUMS);
            }
            files.put(name, bytes);
        }
        ModelDocument document = document(present(files, MODEL));
        if (!document.weightsSha256().equals(sha256(present(files, WEIGHTS)))) {
            throw new IOException(WEIGHTS + " is not the file that " + MODEL + " describes: its SHA-256 differs");
        }
        FeaturePipeline pipeline =
                FeaturePipeline.fromJson(new String(present(files, FEATURES), StandardCharsets.UTF_8));
        if (pipeline.width() != document.features() || !pipeline.target().equals(document.target())) {
            throw new IOException(FEATURES + " is not the file that " + MODEL + " describes: it makes "
                    + pipeline.width() + " features, expected " + document.features());
        }
        Network network = Network.of(document.architecture(), pipeline.width(), pipeline.target());
        return new ModelArtifact(document, pipeline, network, Safetensors.read(network, present(files, WEIGHTS)));
    }

    private static byte[] present(Map<String, byte[]> files, String name) {
        return java.util.Objects.requireNonNull(files.get(name), name);
    }

    /** Reads {@code model.json} alone. */
    public static ModelDocument document(byte[] json) throws IOException {
        ModelDocument document = JSON.readValue(json, ModelDocument.class);
        if (document.formatVersion() != 1) {
            throw new IOException(MODEL + " has format version " + document.formatVersion() + ", this program reads 1");
        }
        return document;
    }

    /** Lower-case hex. */
    public static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
