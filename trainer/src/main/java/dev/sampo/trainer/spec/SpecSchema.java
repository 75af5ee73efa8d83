package dev.sampo.trainer.spec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import com.networknt.schema.path.NodePath;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The JSON Schema of job specs, and what it says where a spec breaks it. */
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

    static List<Error> validate(JsonNode spec) {
        return SCHEMA.validate(spec);
    }

    /** Whether the schema alone, ranges and all, accepts a spec. */
    static boolean accepts(JsonNode spec) {
        return SCHEMA.validate(spec).isEmpty();
    }

    static List<String> allowed(Error error) {
        List<String> names = new ArrayList<>();
        parent(error).path("enum").forEach(each -> names.add(each.asText()));
        return names;
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

    static List<String> properties(Error error) {
        List<String> names = new ArrayList<>();
        parent(error).path("properties").fieldNames().forEachRemaining(names::add);
        return names;
    }

    static String types(Error error) {
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

    /** The records hold no whole number as large as that; what they hold, their checks compare with the bounds. */
    static boolean isBeyondInt(Error error) {
        JsonNode number = error.getInstanceNode();
        return (error.getKeyword().equals("maximum") || error.getKeyword().equals("minimum"))
                && parent(error).path("type").asText().equals("integer")
                && !number.canConvertToInt();
    }

    static String bound(Error error) {
        boolean most = error.getKeyword().equals("maximum");
        return (most ? "≤ " : "≥ ") + parent(error).path(error.getKeyword()).asText();
    }

    /** A harmless element for a list: the others must keep their numbers. */
    static JsonNode standIn(Error error) {
        JsonNode type = parent(error).path("type");
        String first = type.isArray() ? type.path(0).asText() : type.asText();
        return switch (first) {
            case "object" -> JSON.createObjectNode();
            case "integer", "number" -> IntNode.valueOf(1);
            default -> TextNode.valueOf("");
        };
    }
}
