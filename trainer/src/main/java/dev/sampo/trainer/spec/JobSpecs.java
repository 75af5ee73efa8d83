package dev.sampo.trainer.spec;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.sampo.model.spec.Problems;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Reads job specs from YAML and JSON, and refuses wrong ones with every fault at once. */
public final class JobSpecs {
    private static final ObjectMapper PLAIN = new ObjectMapper();
    private static final ObjectMapper YAML = YAMLMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .build();
    private static final ObjectMapper JSON_STRICT = JsonMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .build();

    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .build();

    private JobSpecs() {}

    /** The spec in a text, checked. */
    public static JobSpec parse(String text, boolean yaml) throws SpecException {
        return fromTree(tree(text, yaml));
    }

    /**
     * The spec in a file, with {@code path=value} settings laid over it. Its relative data paths are resolved against its
     * folder, those of the settings against the current one.
     */
    public static JobSpec load(Path file, List<String> sets) throws SpecException {
        String text;
        try {
            text = Files.readString(file);
        } catch (IOException e) {
            throw new SpecException(List.of(file + ": can't be read: " + e));
        }
        JsonNode tree = tree(text, !file.toString().endsWith(".json"));
        if (!(tree instanceof ObjectNode root)) {
            throw new SpecException(List.of(file + ": a spec is a mapping, such as name: my-model"));
        }
        Path folder = Objects.requireNonNull(file.toAbsolutePath().getParent());
        resolvePaths(root, folder);
        for (String set : sets) {
            set(root, set);
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

    private static JsonNode tree(String text, boolean yaml) throws SpecException {
        try {
            return (yaml ? YAML : JSON_STRICT).readTree(text);
        } catch (JsonProcessingException e) {
            var at = e.getLocation();
            throw new SpecException(List.of((at == null ? "" : "line " + at.getLineNr() + ": ")
                    + String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("not readable")));
        }
    }

    /** Lays {@code a.b[0].c=value} over the tree; the value is YAML, so numbers, lists and mappings work. */
    private static void set(ObjectNode root, String set) throws SpecException {
        int equals = set.indexOf('=');
        String path = equals < 0 ? "" : set.substring(0, equals);
        if (!path.matches("[^.\\[\\]]+(\\[\\d{1,6}]|\\.[^.\\[\\]]+)*")) {
            throw new SpecException(List.of("--set " + set
                    + ": must be path=value, such as training.epochs=3 or features[0].transform=minMax"));
        }
        String value = set.substring(equals + 1);
        JsonNode parsed = value.isEmpty() ? TextNode.valueOf("") : tree(value, true);
        String[] keys = path.replace("[", ".[").split("\\.");
        JsonNode at = root;
        for (int i = 0; i + 1 < keys.length; i++) {
            at = child(at, keys[i], keys[i + 1].startsWith("["), "--set " + set);
        }
        put(at, keys[keys.length - 1], parsed, "--set " + set);
    }

    /** The mapping or list under a key; made if there is none, and put in the place of a plain value. */
    private static JsonNode child(JsonNode at, String key, boolean list, String what) throws SpecException {
        JsonNode next = key.startsWith("[") ? at.path(index(at, key, what)) : at.path(key);
        if (list ? next.isArray() : next.isObject()) {
            return next;
        }
        JsonNode fresh = list ? PLAIN.createArrayNode() : PLAIN.createObjectNode();
        put(at, key, fresh, what);
        return fresh;
    }

    private static void put(JsonNode at, String key, JsonNode value, String what) throws SpecException {
        if (at instanceof ArrayNode array && key.startsWith("[")) {
            int index = index(at, key, what);
            if (index == array.size()) {
                array.add(value);
            } else {
                array.set(index, value);
            }
        } else if (at instanceof ObjectNode object && !key.startsWith("[")) {
            object.set(key, value);
        }
    }

    private static int index(JsonNode list, String key, String what) throws SpecException {
        int index = Integer.parseInt(key.substring(1, key.length() - 1));
        if (index > list.size()) {
            throw new SpecException(
                    List.of(what + ": the list has " + list.size() + " elements, so " + key + " is beyond its end"));
        }
        return index;
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
        JsonNode value = at.get(key);
        if (value == null || value.isNull()) {
            return;
        }
        if (value instanceof ArrayNode array) {
            for (int i = 0; i < array.size(); i++) {
                array.set(i, folder.resolve(array.get(i).asText()).normalize().toString());
            }
        } else {
            at.put(key, folder.resolve(value.asText()).normalize().toString());
        }
    }

    /** First the shape by the schema; whatever has the right shape is then checked as far as it goes. */
    private static JobSpec fromTree(JsonNode tree) throws SpecException {
        if (!(tree instanceof ObjectNode given)) {
            throw new SpecException(List.of("the spec is empty or no mapping; it begins such as name: my-model"));
        }
        ObjectNode root = given.deepCopy();
        dropNulls(root);
        List<String> found = new ArrayList<>(SpecSchema.prune(root));
        JobSpec spec = null;
        try {
            spec = MAPPER.treeToValue(root, JobSpec.class);
        } catch (JsonMappingException e) {
            found.add(path(e.getPath()) + ": "
                    + String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse(""));
        } catch (JsonProcessingException e) {
            found.add(String.valueOf(e.getOriginalMessage()));
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
