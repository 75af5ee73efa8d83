package dev.sampo.model.artifact;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.sampo.model.feature.FeaturePipeline;
import dev.sampo.model.network.Network;
import dev.sampo.model.spec.Problems;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
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

    /** Reads an artifact and verifies every file; an error names the file that is missing, damaged or of another model. */
    public static ModelArtifact load(FileReader reader) throws IOException {
        Map<String, String> sums = sums(new String(reader.read(SUMS), StandardCharsets.UTF_8));
        byte[] weights = verified(WEIGHTS, reader, sums);
        byte[] features = verified(FEATURES, reader, sums);
        ModelDocument document = document(verified(MODEL, reader, sums));
        if (!sha256(weights).equals(document.weightsSha256())) {
            throw new IOException(WEIGHTS + " is not the file that " + MODEL + " describes: its SHA-256 differs");
        }
        FeaturePipeline pipeline = pipeline(features);
        if (pipeline.width() != document.features()
                || !pipeline.target().equals(document.target())
                || !pipeline.inputs().equals(document.inputs())) {
            throw new IOException(FEATURES + " is not the file that " + MODEL + " describes: it makes "
                    + pipeline.width() + " features of " + pipeline.inputs().size() + " columns, expected "
                    + document.features() + " of " + document.inputs().size() + ", or they or the target differ");
        }
        Network network = network(document, pipeline);
        try {
            return new ModelArtifact(document, pipeline, network, Safetensors.read(network, weights));
        } catch (IOException e) {
            throw new IOException(WEIGHTS + ": " + e.getMessage(), e);
        }
    }

    private static byte[] verified(String name, FileReader reader, Map<String, String> sums) throws IOException {
        byte[] bytes = reader.read(name);
        String expected = sums.get(name);
        if (expected == null) {
            throw new IOException(SUMS + " is damaged: it has no line for " + name);
        }
        if (!sha256(bytes).equals(expected)) {
            throw new IOException(name + " is damaged: its SHA-256 is not the one in " + SUMS);
        }
        return bytes;
    }

    /** Checksums by file. */
    private static Map<String, String> sums(String text) throws IOException {
        Map<String, String> sums = new LinkedHashMap<>();
        for (String line : text.lines().toList()) {
            if (!line.matches("[0-9a-f]{64}  \\S.*") || sums.put(line.substring(66), line.substring(0, 64)) != null) {
                throw new IOException(SUMS + " is damaged: \"" + line.substring(0, Math.min(100, line.length()))
                        + "\" is no checksum");
            }
        }
        return sums;
    }

    private static FeaturePipeline pipeline(byte[] features) throws IOException {
        try {
            return FeaturePipeline.fromJson(new String(features, StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static Network network(ModelDocument document, FeaturePipeline pipeline) throws IOException {
        Problems problems = new Problems();
        document.architecture().check("architecture", problems);
        document.architecture().check("architecture", pipeline.target().kind(), problems);
        problems.orThrow(faults -> new IOException(MODEL + ": " + faults));
        return Network.of(document.architecture(), pipeline.width(), pipeline.target());
    }

    private static byte[] present(Map<String, byte[]> files, String name) {
        return java.util.Objects.requireNonNull(files.get(name), name);
    }

    /** Reads {@code model.json} alone. */
    public static ModelDocument document(byte[] json) throws IOException {
        try {
            JsonNode tree = JSON.readTree(json);
            // First of all, for other versions may have other fields.
            if (tree.path("formatVersion").asInt() != 1) {
                throw new IOException(MODEL + " has format version "
                        + tree.path("formatVersion").asText("none") + ", this program reads 1");
            }
            for (String field : List.of("architecture", "inputs", "target", "metrics", "weightsSha256")) {
                if (!tree.hasNonNull(field)) {
                    throw new IOException(MODEL + " is damaged: it has no " + field);
                }
            }
            return JSON.treeToValue(tree, ModelDocument.class);
        } catch (JsonProcessingException e) {
            throw new IOException(MODEL + " can't be read: " + e.getOriginalMessage(), e);
        }
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
