package dev.sampo.trainer.spec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import com.networknt.schema.path.NodePath;
import dev.sampo.model.spec.Nearest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * The shape of a job spec, by its JSON Schema: known keys and their types. Ranges stand in the schema too, for editors; what
 * says them to a person are the specs' own checks, which see more than one value at a time.
 */
public final class SpecSchema {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String TEXT = read();
    private static final JsonNode TREE = tree();
    private static final Schema SCHEMA = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(TREE);

    private SpecSchema() {}

    /** The schema itself, draft 2020-12. */
    public static String text() {
        return TEXT;
    }

    private static String read() {
        try (InputStream in = Objects.requireNonNull(SpecSchema.class.getResourceAsStream("job.schema.json"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode tree() {
        try {
            return JSON.readTree(TEXT);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether the schema alone, ranges and all, accepts a spec. */
    static boolean accepts(JsonNode spec) {
        return SCHEMA.validate(spec).isEmpty();
    }

    /** Faults of shape with their paths; {@code spec} is left with what has none, so that the rest can be checked. */
    static List<String> prune(ObjectNode spec) {
        List<String> faults = new ArrayList<>();
        for (Error error : SCHEMA.validate(spec)) {
            NodePath at = error.getInstanceLocation();
            if (error.getKeyword().equals("additionalProperties")) {
                NodePath key = at.append(error.getProperty());
                faults.add(path(key) + ": unknown key" + nearest(error.getProperty(), properties(error)));
                remove(spec, key, NullNode.instance);
            } else if (error.getKeyword().equals("type")) {
                faults.add(path(at) + ": must be " + types(error) + ", was " + shorten(error.getInstanceNode()));
                remove(spec, at, standIn(error));
            }
        }
        return faults;
    }

    /** A harmless element for a list: the others must keep their numbers. */
    private static JsonNode standIn(Error error) {
        JsonNode type = parent(error).path("type");
        String first = type.isArray() ? type.path(0).asText() : type.asText();
        return switch (first) {
            case "object" -> JSON.createObjectNode();
            case "integer", "number" -> IntNode.valueOf(1);
            default -> TextNode.valueOf("");
        };
    }

    /** Takes a value out of its mapping, or replaces it in its list. */
    private static void remove(JsonNode tree, NodePath path, JsonNode standIn) {
        JsonNode at = tree;
        for (int i = 0; i + 1 < path.getNameCount(); i++) {
            at = path.getElement(i) instanceof Integer index ? at.path(index) : at.path(path.getName(i));
        }
        Object last = path.getNameCount() == 0 ? "" : path.getElement(-1);
        if (at instanceof ObjectNode object) {
            object.remove(String.valueOf(last));
        } else if (at instanceof ArrayNode array && last instanceof Integer index) {
            array.set(index, standIn);
        }
    }

    private static String path(NodePath path) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < path.getNameCount(); i++) {
            Object element = path.getElement(i);
            if (element instanceof Integer) {
                text.append('[').append(element).append(']');
            } else {
                text.append(text.isEmpty() ? "" : ".").append(element);
            }
        }
        return text.isEmpty() ? "the spec" : text.toString();
    }

    /** Where in the schema an error comes from. */
    private static JsonNode parent(Error error) {
        JsonNode at = TREE;
        NodePath fragment = error.getSchemaLocation().getFragment();
        for (int i = 0; i + 1 < fragment.getNameCount(); i++) {
            at = fragment.getElement(i) instanceof Integer index ? at.path(index) : at.path(fragment.getName(i));
        }
        return at;
    }

    private static List<String> properties(Error error) {
        List<String> names = new ArrayList<>();
        parent(error).path("properties").fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static String types(Error error) {
        JsonNode type = parent(error).path("type");
        List<String> names = new ArrayList<>();
        if (type.isArray()) {
            type.forEach(each -> names.add(named(each.asText())));
        } else {
            names.add(named(type.asText()));
        }
        return String.join(" or ", names);
    }

    private static String named(String type) {
        return switch (type) {
            case "object" -> "a mapping";
            case "array" -> "a list";
            case "integer" -> "a whole number";
            case "number" -> "a number";
            case "boolean" -> "true or false";
            default -> "text";
        };
    }

    private static String shorten(JsonNode node) {
        String text = node.toString();
        return text.length() <= 60 ? text : text.substring(0, 60) + "…";
    }

    /** The nearest known name, or all of them. */
    static String nearest(String name, List<String> known) {
        String best = known.stream()
                .min(Comparator.comparingInt(each -> Nearest.distance(name, each)))
                .orElse("");
        if (Nearest.distance(name, best) <= Math.max(2, name.length() / 3)) {
            return ", did you mean " + best + "?";
        }
        return "; known are " + known.stream().sorted().collect(Collectors.joining(", "));
    }
}
