package dev.sampo.trainer.spec;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.sampo.model.spec.Problems;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Reads job specs from YAML and JSON, and refuses wrong ones with every fault at once. */
public final class JobSpecs {
    private static final ObjectMapper PLAIN = new ObjectMapper();
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.ACCEPT_FLOAT_AS_INT) // The schema has refused fractions; 1e6 is none.
            .build();

    private JobSpecs() {}

    /** The spec in a text, checked. */
    public static JobSpec parse(String text, boolean yaml) throws SpecException {
        return fromTree(yaml ? SpecText.yaml(text) : SpecText.json(text));
    }

    /**
     * The spec in a file, with {@code path=value} settings laid over it. Its relative data paths are resolved against its
     * folder, those of the settings against the current one.
     */
    public static JobSpec load(Path file, List<String> sets) throws SpecException {
        if (!(read(file) instanceof ObjectNode root)) {
            throw new SpecException(List.of(file + ": a spec is a mapping, such as name: my-model"));
        }
        Path folder = Objects.requireNonNull(file.toAbsolutePath().getParent());
        resolvePaths(root, folder);
        for (String set : sets) {
            SpecSettings.set(root, set);
        }
        resolvePaths(root, Path.of("").toAbsolutePath());
        return fromTree(root);
    }

    /** The spec as JSON that {@link #parse} reads. */
    public static String toJson(JobSpec spec) {
        try {
            return PLAIN.writeValueAsString(spec);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a spec must be JSON", e);
        }
    }

    private static JsonNode read(Path file) throws SpecException {
        String text;
        try {
            text = Files.readString(file);
        } catch (IOException e) {
            throw new SpecException(List.of(file + ": " + why(file, e)));
        }
        try {
            return file.toString().endsWith(".json") ? SpecText.json(text) : SpecText.yaml(text);
        } catch (SpecException e) {
            throw new SpecException(List.of(file + ": " + e.getMessage()));
        }
    }

    private static String why(Path file, IOException e) {
        if (e instanceof NoSuchFileException) {
            return "there is no such file";
        }
        if (Files.isDirectory(file)) {
            return "is a folder; name the spec's file";
        }
        if (e instanceof CharacterCodingException) {
            return "is not UTF-8 text, so no spec";
        }
        return e instanceof AccessDeniedException ? "no permission to read it" : "can't be read: " + e;
    }

    private static void resolvePaths(ObjectNode root, Path folder) {
        if (root.get("data") instanceof ObjectNode data) {
            resolve(data, "train", folder);
            resolve(data, "validation", folder);
            if (data.get("format") instanceof ObjectNode format) {
                resolve(format, "labels", folder);
                resolve(format, "validationLabels", folder);
            }
        }
    }

    private static void resolve(ObjectNode at, String key, Path folder) {
        JsonNode value = at.path(key);
        if (value instanceof ArrayNode array) {
            for (int i = 0; i < array.size(); i++) {
                array.set(i, resolve(array.get(i), folder));
            }
        } else if (at.has(key)) {
            at.set(key, resolve(value, folder));
        }
    }

    /** What is no path stays as it is, for the checks to name. */
    private static JsonNode resolve(JsonNode value, Path folder) {
        if (!value.isTextual() || value.textValue().isBlank()) {
            return value;
        }
        try {
            return TextNode.valueOf(
                    folder.resolve(value.textValue()).normalize().toString());
        } catch (InvalidPathException e) {
            return value;
        }
    }

    /** First the shape by the schema; whatever has the right shape is then checked as far as it goes. */
    private static JobSpec fromTree(JsonNode tree) throws SpecException {
        if (!(tree instanceof ObjectNode given)) {
            throw new SpecException(List.of("the spec is empty or no mapping; it begins such as name: my-model"));
        }
        ObjectNode root = given.deepCopy();
        dropNulls(root);
        List<String> found = new ArrayList<>(SpecShape.prune(root));
        JobSpec spec = null;
        try {
            spec = MAPPER.treeToValue(root, JobSpec.class);
        } catch (JsonMappingException e) {
            // The schema lets nothing pass that the records can't hold; this is the net below it.
            found.add(path(e.getPath()) + ": "
                    + String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse(""));
        } catch (JsonProcessingException e) {
            found.add("the spec: " + e.getOriginalMessage());
        }
        Problems problems = new Problems();
        if (spec != null) {
            spec.check(problems);
        }
        problems.all().stream().filter(each -> !isTold(each, found)).forEach(found::add);
        if (!found.isEmpty() || spec == null) {
            throw new SpecException(found.stream().distinct().toList());
        }
        return spec;
    }

    /** A key without a value is as good as absent. */
    private static void dropNulls(JsonNode node) {
        if (node instanceof ObjectNode object) {
            object.properties().removeIf(field -> field.getValue().isNull());
        }
        node.forEach(JobSpecs::dropNulls);
    }

    /** Whether a fault only follows from one of shape that was told, of the same value, one in it or one around it. */
    private static boolean isTold(String fault, List<String> told) {
        String path = fault.substring(0, fault.indexOf(": "));
        return told.stream()
                .map(each -> each.substring(0, each.indexOf(": ")))
                .anyMatch(each -> isWithin(each, path) || isWithin(path, each));
    }

    private static boolean isWithin(String path, String outer) {
        return path.equals(outer) || path.startsWith(outer + ".") || path.startsWith(outer + "[");
    }

    private static String path(List<JsonMappingException.Reference> path) {
        StringBuilder text = new StringBuilder();
        for (JsonMappingException.Reference step : path) {
            if (step.getFieldName() == null) {
                text.append('[').append(step.getIndex()).append(']');
            } else {
                text.append(text.isEmpty() ? "" : ".").append(step.getFieldName());
            }
        }
        return text.toString();
    }
}
