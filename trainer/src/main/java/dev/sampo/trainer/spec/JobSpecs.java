package dev.sampo.trainer.spec;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.deser.DeserializationProblemHandler;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.sampo.model.spec.Nearest;
import dev.sampo.model.spec.Problems;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads job specs from YAML and JSON, and refuses wrong ones with every fault at once. */
public final class JobSpecs {
    private static final ObjectMapper PLAIN = new ObjectMapper();
    private static final ObjectMapper YAML = YAMLMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .build();
    private static final ObjectMapper JSON_STRICT = JsonMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .build();

    private JobSpecs() {}

    /** The spec in a text, checked. */
    public static JobSpec parse(String text, boolean yaml) throws SpecException {
        return fromTree(tree(text, yaml));
    }

    /**
     * The spec in a file, with {@code path=value} settings laid over it and its relative data paths resolved against its folder.
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

    /** Lays {@code a.b.c=value} over the tree; the value is YAML, so numbers and lists work. */
    private static void set(ObjectNode root, String set) throws SpecException {
        int equals = set.indexOf('=');
        if (equals < 1) {
            throw new SpecException(List.of("--set " + set + ": must be path=value, such as training.epochs=3"));
        }
        String[] keys = set.substring(0, equals).split("\\.");
        ObjectNode at = root;
        for (int i = 0; i + 1 < keys.length; i++) {
            JsonNode next = at.get(keys[i]);
            at = next instanceof ObjectNode object ? object : at.putObject(keys[i]);
        }
        String value = set.substring(equals + 1);
        JsonNode parsed = tree(value.isEmpty() ? "\"\"" : value, true);
        at.set(keys[keys.length - 1], parsed);
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

    private static JobSpec fromTree(JsonNode tree) throws SpecException {
        List<String> found = new ArrayList<>();
        ObjectMapper mapper = JsonMapper.builder()
                .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
                .build();
        mapper.addHandler(new DeserializationProblemHandler() {
            @Override
            public boolean handleUnknownProperty(
                    com.fasterxml.jackson.databind.DeserializationContext context,
                    JsonParser parser,
                    com.fasterxml.jackson.databind.JsonDeserializer<?> deserializer,
                    Object bean,
                    String name)
                    throws IOException {
                Collection<Object> known = deserializer.getKnownPropertyNames();
                found.add(pathOf(parser) + ": unknown key" + nearest(name, known == null ? List.of() : known));
                parser.skipChildren();
                return true;
            }
        });
        JobSpec spec = null;
        try {
            spec = mapper.treeToValue(tree, JobSpec.class);
        } catch (JsonMappingException e) {
            found.add(path(e.getPath()) + ": "
                    + String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse(""));
        } catch (JsonProcessingException e) {
            found.add(String.valueOf(e.getOriginalMessage()));
        }
        Problems problems = new Problems();
        if (spec != null) {
            spec.check(problems);
        } else if (found.isEmpty()) {
            found.add("the spec is empty");
        }
        found.addAll(problems.all());
        if (!found.isEmpty() || spec == null) {
            throw new SpecException(found);
        }
        return spec;
    }

    private static String pathOf(JsonParser parser) {
        String pointer = parser.getParsingContext().pathAsPointer().toString();
        return pointer.substring(1).replaceAll("/(\\d+)", "[$1]").replace('/', '.');
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

    private static String nearest(String name, Collection<Object> known) {
        @Nullable String best = known.stream()
                .map(String::valueOf)
                .min(Comparator.comparingInt(each -> Nearest.distance(name, each)))
                .orElse(null);
        return best == null
                ? ""
                : Nearest.distance(name, best) <= Math.max(2, name.length() / 3)
                        ? ", did you mean " + best + "?"
                        : "; known are "
                                + String.join(
                                        ", ",
                                        known.stream()
                                                .map(String::valueOf)
                                                .sorted()
                                                .toList());
    }
}
