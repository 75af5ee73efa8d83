package dev.sampo.serving.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.serving.prediction.Predicted;
import dev.sampo.serving.prediction.RowTable;
import dev.sampo.serving.registry.ModelInfo;
import dev.sampo.serving.registry.ModelInfo.Input;
import dev.sampo.serving.registry.ModelInfo.Kind;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Raw rows as people write them in JSON: cells are numbers, texts or null for a missing value, a vector column is an
 * array of numbers. Columns that the model doesn't need are ignored, so a record may keep its label.
 */
public final class JsonRows {
    private JsonRows() {}

    /** Rows of a table: {@code {"columns": ["age", …], "rows": [[39, …], …]}}. */
    public static RowTable table(JsonNode body, ModelInfo model) {
        List<String> columns = columns(body.path("columns"));
        JsonNode rows = nonEmpty(body.path("rows"), "rows");
        int[] positions = model.inputs().stream()
                .mapToInt(input -> columns.indexOf(input.name()))
                .toArray();
        List<String> missing = model.inputs().stream()
                .map(Input::name)
                .filter(name -> !columns.contains(name))
                .toList();
        if (!missing.isEmpty()) {
            throw new BadInputException("columns: missing " + Names.list(missing) + " that model " + model.key()
                    + " needs" + Names.suggest(missing.get(0), columns).replace(" known are ", " given are "));
        }
        for (int row = 0; row < rows.size(); row++) {
            if (!rows.get(row).isArray() || rows.get(row).size() != columns.size()) {
                throw new BadInputException("rows[" + row + "]: expected an array of " + columns.size()
                        + " cells as in columns, was " + Json.typeOf(rows.get(row)));
            }
        }
        return TableBuilder.build(model, rows.size(), (column, at) -> {
            for (int row = 0; row < rows.size(); row++) {
                Input input = model.inputs().get(at);
                put(column, row, rows.get(row).get(positions[at]), input, "rows[" + row + "]." + input.name());
            }
        });
    }

    /**
     * Rows of {@code {"instances": […]}}: objects by column name, or bare values if the model has one input, a row of
     * values in the order of its inputs otherwise.
     */
    public static RowTable instances(JsonNode body, ModelInfo model) {
        JsonNode instances = nonEmpty(body.path("instances"), "instances");
        return TableBuilder.build(model, instances.size(), (column, at) -> {
            Input input = model.inputs().get(at);
            for (int row = 0; row < instances.size(); row++) {
                String place = "instances[" + row + "]";
                put(column, row, cell(instances.get(row), at, model, place), input, place + "." + input.name());
            }
        });
    }

    private static JsonNode cell(JsonNode instance, int at, ModelInfo model, String place) {
        Input input = model.inputs().get(at);
        if (instance.isObject()) {
            JsonNode cell = instance.get(input.name());
            if (cell == null) {
                List<String> given = new ArrayList<>();
                instance.fieldNames().forEachRemaining(given::add);
                throw new BadInputException(place + ": missing \"" + input.name() + "\" that model " + model.key()
                        + " needs; send null where the value is missing"
                        + Names.suggest(input.name(), given).replace(" known are ", " given are "));
            }
            return cell;
        }
        int inputs = model.inputs().size();
        if (inputs == 1 && (input.kind() == Kind.VECTOR || !instance.isArray())) {
            return instance;
        }
        if (!instance.isArray() || instance.size() != inputs) {
            throw new BadInputException(place + ": expected an object by column name or an array of " + inputs
                    + " cells, was " + Json.typeOf(instance));
        }
        return instance.get(at);
    }

    /** One object per row: {@code {"label", "probabilities": {class: p}}} or {@code {"value"}}. */
    public static ArrayNode predictions(ModelInfo model, Predicted predicted) {
        ArrayNode predictions = JsonNodeFactory.instance.arrayNode();
        for (int row = 0; row < predicted.rows(); row++) {
            ObjectNode prediction = predictions.addObject();
            if (model.classes().isEmpty()) {
                prediction.put("value", predicted.values()[row * predicted.outputs()]);
                continue;
            }
            prediction.put("label", predicted.labels().get(row));
            ObjectNode byClass = prediction.putObject("probabilities");
            float[] probabilities = InferResponse.probabilities(model, predicted, row);
            for (int k = 0; k < probabilities.length; k++) {
                byClass.put(model.classes().get(k), probabilities[k]);
            }
        }
        return predictions;
    }

    private static List<String> columns(JsonNode columns) {
        List<String> names = new ArrayList<>();
        for (JsonNode name : nonEmpty(columns, "columns")) {
            if (!name.isTextual() || names.contains(name.textValue())) {
                throw new BadInputException(
                        "columns[" + names.size() + "]: expected a name of its own, was " + Json.typeOf(name));
            }
            names.add(name.textValue());
        }
        return names;
    }

    private static JsonNode nonEmpty(JsonNode array, String place) {
        if (!array.isArray() || array.isEmpty()) {
            throw new BadInputException(place + ": expected an array of at least 1, was " + Json.typeOf(array));
        }
        return array;
    }

    private static void put(TableBuilder.Column column, int row, JsonNode cell, Input input, String place) {
        if (input.kind() == Kind.VECTOR) {
            putVector(column, row, cell, input, place);
        } else {
            column.cell(row, scalar(cell, input, place));
        }
    }

    private static @Nullable String scalar(JsonNode cell, Input input, String place) {
        // As in a file: an empty field is a missing value.
        if (cell.isNull() || (cell.isTextual() && cell.textValue().isBlank())) {
            return null;
        }
        if (input.kind() == Kind.TEXT) {
            if (cell.isContainerNode()) {
                throw new BadInputException(place + ": expected a text, was " + Json.typeOf(cell));
            }
            return cell.asText();
        }
        if (cell.isBoolean()) {
            return cell.booleanValue() ? "1" : "0";
        }
        boolean number = cell.isTextual() ? isNumber(cell.textValue()) : Double.isFinite(cell.asDouble(Double.NaN));
        if (cell.isContainerNode() || !number) {
            throw new BadInputException(place + ": expected a number, was " + Json.typeOf(cell));
        }
        return cell.asText().strip();
    }

    private static boolean isNumber(String text) {
        try {
            return Double.isFinite(Double.parseDouble(text));
        } catch (NumberFormatException notANumber) {
            return false;
        }
    }

    private static void putVector(TableBuilder.Column column, int row, JsonNode cell, Input input, String place) {
        if (!cell.isArray() || cell.size() != input.width()) {
            throw new BadInputException(
                    place + ": expected an array of " + input.width() + " numbers, was " + Json.typeOf(cell));
        }
        for (int i = 0; i < input.width(); i++) {
            float value = cell.get(i).floatValue();
            if (!cell.get(i).isNumber() || !Float.isFinite(value)) {
                throw new BadInputException(
                        place + "[" + i + "]: expected a finite number, was " + Json.typeOf(cell.get(i)));
            }
            column.element(row, i, value);
        }
    }
}
