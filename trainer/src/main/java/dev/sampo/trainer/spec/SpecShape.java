package dev.sampo.trainer.spec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.networknt.schema.Error;
import com.networknt.schema.path.NodePath;
import dev.sampo.model.spec.Nearest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The shape of a job spec, by its JSON Schema: known keys, their types and their names' spelling. Ranges stand in the schema
 * too, for editors; what says them to a person are the specs' own checks, which see more than one value at a time.
 */
final class SpecShape {
    private SpecShape() {}

    /**
     * Faults of shape with their paths; {@code spec} is left with what has none, so that the rest can be checked. A misspelt
     * name is taken for the one that was meant, or all that belongs to it would look wrong as well.
     */
    static List<String> prune(ObjectNode spec) {
        List<String> faults = new ArrayList<>();
        pruneInfinite(spec, "", faults);
        // A value under a corrected key is looked at in the next round; each round corrects one at least.
        while (pruneOnce(spec, faults)) {}
        return faults;
    }

    /** The validator can't compare NaN, and no setting may be endless. */
    private static void pruneInfinite(JsonNode node, String path, List<String> faults) {
        if (node instanceof ObjectNode object) {
            for (String key :
                    object.properties().stream().map(Map.Entry::getKey).toList()) {
                String at = path.isEmpty() ? key : path + "." + key;
                if (isInfinite(object.path(key))) {
                    faults.add(at + ": must be a finite number, was "
                            + object.path(key).asText());
                    object.remove(key);
                } else {
                    pruneInfinite(object.path(key), at, faults);
                }
            }
        }
        for (int i = 0; node instanceof ArrayNode array && i < array.size(); i++) {
            if (isInfinite(array.path(i))) {
                faults.add(path + "[" + i + "]: must be a finite number, was "
                        + array.path(i).asText());
                array.set(i, IntNode.valueOf(1));
            } else {
                pruneInfinite(array.path(i), path + "[" + i + "]", faults);
            }
        }
    }

    private static boolean isInfinite(JsonNode node) {
        return node.isFloatingPointNumber() && !Double.isFinite(node.doubleValue());
    }

    private static boolean pruneOnce(ObjectNode spec, List<String> faults) {
        ObjectNode given = spec.deepCopy();
        boolean corrected = false;
        for (Error error : SpecSchema.validate(given)) {
            NodePath at = error.getInstanceLocation();
            switch (error.getKeyword()) {
                case "additionalProperties" -> {
                    NodePath key = at.append(error.getProperty());
                    faults.add(
                            path(key) + ": unknown key" + nearest(error.getProperty(), SpecSchema.properties(error)));
                    corrected |= rename(spec, given, key, near(error.getProperty(), SpecSchema.properties(error)));
                }
                case "type" -> {
                    faults.add(path(at) + ": must be " + SpecSchema.types(error) + ", was "
                            + shorten(error.getInstanceNode()));
                    remove(spec, at, SpecSchema.standIn(error));
                }
                case "enum" -> {
                    faults.add(path(at) + ": must be one of " + String.join(", ", SpecSchema.allowed(error)) + ", was "
                            + shorten(error.getInstanceNode()) + meant(error));
                    assumeMeant(spec, at, error);
                }
                default -> {
                    if (SpecSchema.isBeyondInt(error)) {
                        faults.add(path(at) + ": must be " + SpecSchema.bound(error) + ", was "
                                + shorten(error.getInstanceNode()));
                        remove(spec, at, SpecSchema.standIn(error));
                    }
                }
            }
        }
        return corrected;
    }

    /** Whether the value went to the key that was meant, which nothing had yet. */
    private static boolean rename(ObjectNode spec, ObjectNode given, NodePath key, String meant) {
        JsonNode value = holder(spec, key).path(last(key));
        remove(spec, key, NullNode.instance);
        if (meant.isEmpty()
                || value.isMissingNode()
                || holder(given, key).has(meant)
                || !(holder(spec, key) instanceof ObjectNode object)
                || object.has(meant)) {
            return false;
        }
        object.set(meant, value);
        return true;
    }

    private static String meant(Error error) {
        String nearest = near(error.getInstanceNode().asText(), SpecSchema.allowed(error));
        return nearest.isEmpty() ? "" : ", did you mean " + nearest + "?";
    }

    private static void assumeMeant(ObjectNode spec, NodePath at, Error error) {
        String nearest = near(error.getInstanceNode().asText(), SpecSchema.allowed(error));
        if (!nearest.isEmpty() && error.getInstanceNode().isTextual()) {
            replace(spec, at, TextNode.valueOf(nearest));
        }
    }

    /** Takes a value out of its mapping, or replaces it in its list. */
    private static void remove(JsonNode tree, NodePath path, JsonNode standIn) {
        if (holder(tree, path) instanceof ObjectNode object) {
            object.remove(last(path));
        } else {
            replace(tree, path, standIn);
        }
    }

    private static void replace(JsonNode tree, NodePath path, JsonNode value) {
        JsonNode at = holder(tree, path);
        if (at instanceof ObjectNode object) {
            object.set(last(path), value);
        } else if (at instanceof ArrayNode array && path.getElement(-1) instanceof Integer index) {
            array.set(index, value);
        }
    }

    private static JsonNode holder(JsonNode tree, NodePath path) {
        JsonNode at = tree;
        for (int i = 0; i + 1 < path.getNameCount(); i++) {
            at = path.getElement(i) instanceof Integer index ? at.path(index) : at.path(path.getName(i));
        }
        return at;
    }

    private static String last(NodePath path) {
        return path.getNameCount() == 0 ? "" : String.valueOf(path.getElement(-1));
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

    private static String shorten(JsonNode node) {
        String text = node.toString();
        return text.length() <= 60 ? text : text.substring(0, 60) + "…";
    }

    /** The nearest known name, or all of them. */
    static String nearest(String name, List<String> known) {
        String near = near(name, known);
        return near.isEmpty()
                ? "; known are " + known.stream().sorted().collect(Collectors.joining(", "))
                : ", did you mean " + near + "?";
    }

    /** The known name that was probably meant, or an empty text. */
    private static String near(String name, List<String> known) {
        return Nearest.of(name, known).orElse("");
    }
}
