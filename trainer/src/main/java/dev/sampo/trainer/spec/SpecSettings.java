package dev.sampo.trainer.spec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Lays {@code path=value} settings over a spec's tree. */
final class SpecSettings {
    private static final String PATH = "[^.\\[\\]]+(\\[\\d{1,6}]|\\.[^.\\[\\]]+)*";
    /** Mappings that a text may stand for, and the key that the text is then the value of. */
    private static final Map<String, String> SHORTHANDS = Map.of(
            "format",
            "type",
            "loss",
            "type",
            "optimizer",
            "type",
            "consistency",
            "mode",
            "impute",
            "method",
            "onBadRecord",
            "action");
    /** Its keys are labels, which may look like indices. */
    private static final String KEYED_BY_USER = "classWeights";

    private final String what;
    private final List<String> keys;
    private final JsonNode value;

    private SpecSettings(String what, List<String> keys, JsonNode value) {
        this.what = what;
        this.keys = keys;
        this.value = value;
    }

    /** Lays {@code a.b[0].c=value} over the tree; the value is YAML, so numbers, lists and mappings work. */
    static void set(ObjectNode root, String set) throws SpecException {
        String what = "--set " + set;
        int equals = set.indexOf('=');
        String path = equals < 0 ? "" : set.substring(0, equals).strip();
        if (!path.matches(PATH)) {
            throw new SpecException(
                    List.of(what + ": must be path=value, such as training.epochs=3 or features[0].transform=minMax"));
        }
        new SpecSettings(what, List.of(path.replace("[", ".").replace("]", "").split("\\.")), value(what, set))
                .lay(root);
    }

    private static JsonNode value(String what, String set) throws SpecException {
        String text = set.substring(set.indexOf('=') + 1);
        if (text.isEmpty()) {
            return TextNode.valueOf("");
        }
        try {
            return SpecText.yaml(text);
        } catch (SpecException e) {
            throw new SpecException(List.of(what + ": the value is not YAML: " + e.getMessage()));
        }
    }

    private void lay(ObjectNode root) throws SpecException {
        JsonNode at = root;
        for (int i = 0; i + 1 < keys.size(); i++) {
            at = child(at, i);
        }
        put(at, keys.size() - 1, value);
    }

    /** The mapping or list under a key; made if there is none. */
    private JsonNode child(JsonNode at, int key) throws SpecException {
        String name = keys.get(key);
        JsonNode next = at.isArray() ? at.path(index(at, key)) : at.path(name);
        if (next.isContainerNode()) {
            return next;
        }
        JsonNode fresh = isIndex(keys.get(key + 1)) && !name.equals(KEYED_BY_USER) ? list(next) : mapping(next, key);
        put(at, key, fresh);
        return fresh;
    }

    /** Where a list may stand, one value is a list of it. */
    private static JsonNode list(JsonNode next) {
        ArrayNode fresh = JsonNodeFactory.instance.arrayNode();
        return next.isTextual() ? fresh.add(next) : fresh;
    }

    private JsonNode mapping(JsonNode next, int key) throws SpecException {
        ObjectNode fresh = JsonNodeFactory.instance.objectNode();
        String shorthand = SHORTHANDS.get(keys.get(key));
        if (next.isTextual() && shorthand != null) {
            fresh.set(shorthand, next);
        } else if (!next.isMissingNode() && !next.isNull()) {
            throw new SpecException(List.of(what + ": " + path(key + 1) + " is " + next + ", so nothing can be in it"));
        }
        return fresh;
    }

    private void put(JsonNode at, int key, JsonNode what) throws SpecException {
        if (at instanceof ArrayNode array) {
            int index = index(array, key);
            if (index == array.size()) {
                array.add(what);
            } else {
                array.set(index, what);
            }
        } else if (at instanceof ObjectNode object) {
            object.set(keys.get(key), what);
        }
    }

    private static boolean isIndex(String key) {
        return key.matches("\\d{1,6}");
    }

    private int index(JsonNode list, int key) throws SpecException {
        String name = keys.get(key);
        if (!isIndex(name)) {
            throw new SpecException(
                    List.of(what + ": " + path(key) + " is a list; address an element, such as " + path(key) + "[0]"));
        }
        int index = Integer.parseInt(name);
        if (index > list.size()) {
            throw new SpecException(List.of(what + ": " + path(key) + " has " + list.size()
                    + (list.size() == 1 ? " element" : " elements") + ", so [" + index + "] is beyond its end"));
        }
        return index;
    }

    /** The path as far as before the key of that number. */
    private String path(int end) {
        List<String> parts = new ArrayList<>();
        for (String key : keys.subList(0, end)) {
            if (isIndex(key) && !parts.isEmpty()) {
                parts.set(parts.size() - 1, parts.get(parts.size() - 1) + "[" + key + "]");
            } else {
                parts.add(key);
            }
        }
        return String.join(".", parts);
    }
}
