package dev.sampo.trainer.spec;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.StringReader;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/**
 * Reads YAML and JSON to one kind of tree. Plain YAML scalars follow the core schema of YAML 1.2, where {@code 1e-3} is a
 * number and {@code yes} a text: a label of that name must stay it. What 1.1 would read in another base ({@code 010}) is a
 * text too, so that no number and no label is silently another one.
 */
public final class SpecText {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    private static final Pattern INTEGER = Pattern.compile("[-+]?(0|[1-9]\\d{0,99})");
    private static final Pattern DECIMAL =
            Pattern.compile("[-+]?(\\.\\d+|(0|[1-9]\\d*)(\\.\\d*)?)([eE][-+]?\\d{1,9})?");
    private static final Pattern INFINITE = Pattern.compile("([-+]?)\\.(inf|Inf|INF)");
    private static final Set<String> NAN = Set.of(".nan", ".NaN", ".NAN");
    private static final Set<String> NULL = Set.of("", "~", "null", "Null", "NULL");
    private static final Set<String> TRUE = Set.of("true", "True", "TRUE");
    private static final Set<String> FALSE = Set.of("false", "False", "FALSE");
    private static final int DEPTH_MAX = 50;
    private static final int ALIASES_MAX = 10;
    private static final int EXACT_SCALE_MAX = 400;

    private SpecText() {}

    /** A text in either language: what begins as JSON and isn't may still be YAML. */
    public static JsonNode read(String text) throws SpecException {
        if (!text.stripLeading().startsWith("{")) {
            return yaml(text);
        }
        try {
            return json(text);
        } catch (SpecException notJson) {
            try {
                return yaml(text);
            } catch (SpecException notYaml) {
                throw notJson;
            }
        }
    }

    static JsonNode json(String text) throws SpecException {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            var at = e.getLocation();
            String why =
                    String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("not JSON");
            throw new SpecException(
                    List.of(at == null ? why : "line " + at.getLineNr() + ", column " + at.getColumnNr() + ": " + why));
        }
    }

    static JsonNode yaml(String text) throws SpecException {
        LoaderOptions options = new LoaderOptions();
        options.setMaxAliasesForCollections(ALIASES_MAX);
        options.setNestingDepthLimit(DEPTH_MAX);
        try {
            Node node = new Yaml(options).compose(new StringReader(text));
            return node == null ? MissingNode.getInstance() : tree(node, 0);
        } catch (MarkedYAMLException e) {
            throw fault(e.getProblemMark(), String.valueOf(e.getProblem()));
        } catch (YAMLException e) {
            throw new SpecException(
                    List.of(String.valueOf(e.getMessage()).lines().findFirst().orElse("not YAML")));
        }
    }

    private static SpecException fault(@Nullable Mark at, String why) {
        String line = why.lines().findFirst().orElse("not YAML");
        return new SpecException(List.of(
                at == null ? line : "line " + (at.getLine() + 1) + ", column " + (at.getColumn() + 1) + ": " + line));
    }

    private static JsonNode tree(Node node, int depth) throws SpecException {
        if (depth > DEPTH_MAX) {
            throw fault(node.getStartMark(), "nested too deeply; does an alias stand in itself?");
        }
        if (node instanceof SequenceNode list) {
            ArrayNode array = NODES.arrayNode();
            for (Node each : list.getValue()) {
                array.add(tree(each, depth + 1));
            }
            return array;
        }
        if (node instanceof MappingNode mapping) {
            return mapping(mapping, depth);
        }
        return scalar((ScalarNode) node);
    }

    private static ObjectNode mapping(MappingNode mapping, int depth) throws SpecException {
        ObjectNode object = NODES.objectNode();
        for (NodeTuple entry : mapping.getValue()) {
            if (!(entry.getKeyNode() instanceof ScalarNode key)) {
                throw fault(entry.getKeyNode().getStartMark(), "a key must be plain text");
            }
            if (object.has(key.getValue())) {
                throw fault(key.getStartMark(), "Duplicate key " + key.getValue());
            }
            object.set(key.getValue(), tree(entry.getValueNode(), depth + 1));
        }
        return object;
    }

    private static JsonNode scalar(ScalarNode node) {
        String text = node.getValue();
        if (node.getScalarStyle() != ScalarStyle.PLAIN) {
            return NODES.textNode(text);
        }
        if (NULL.contains(text)) {
            return NODES.nullNode();
        }
        if (TRUE.contains(text) || FALSE.contains(text)) {
            return NODES.booleanNode(TRUE.contains(text));
        }
        return INTEGER.matcher(text).matches() ? integer(text) : decimal(text);
    }

    private static JsonNode integer(String text) {
        BigInteger value = new BigInteger(text);
        return value.bitLength() < Integer.SIZE
                ? NODES.numberNode(value.intValue())
                : value.bitLength() < Long.SIZE ? NODES.numberNode(value.longValue()) : NODES.numberNode(value);
    }

    /** Exact where it can be, for a label like 1.50 must stay it. */
    private static JsonNode decimal(String text) {
        if (INFINITE.matcher(text).matches()) {
            return NODES.numberNode(text.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY);
        }
        if (NAN.contains(text)) {
            return NODES.numberNode(Double.NaN);
        }
        if (!DECIMAL.matcher(text).matches()) {
            return NODES.textNode(text);
        }
        BigDecimal exact = new BigDecimal(text);
        return Math.abs(exact.scale()) <= EXACT_SCALE_MAX && Double.isFinite(exact.doubleValue())
                ? DecimalNode.valueOf(exact)
                : NODES.numberNode(Double.parseDouble(text));
    }
}
