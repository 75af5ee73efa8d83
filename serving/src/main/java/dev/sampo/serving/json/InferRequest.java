package dev.sampo.serving.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.serving.prediction.RowTable;
import dev.sampo.serving.registry.ModelInfo;
import dev.sampo.serving.registry.ModelInfo.Input;
import dev.sampo.serving.registry.ModelInfo.Kind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A decoded inference request of the Open Inference Protocol V2: one tensor for each raw column, the first dimension is
 * the batch. Immutable.
 *
 * @param outputs names of the wanted outputs in order; empty for all
 * @param id to be echoed, or null
 * @param binary names of the outputs that are wanted as binary data
 */
public record InferRequest(
        RowTable rows, List<String> outputs, @Nullable String id, Set<String> binary) {

    /**
     * One input tensor whose declaration has been checked.
     *
     * @param elements as JSON; empty if they are binary
     * @param data as binary, at its own first byte; null if they are JSON
     */
    private record Tensor(
            Input column,
            Tensors type,
            int rows,
            List<JsonNode> elements,
            @Nullable ByteBuffer data,
            String place) {}

    /**
     * Reads the body of a request for a model; {@link BadInputException} says what is wrong with it and where.
     *
     * @param jsonLength bytes of the body that are JSON; what follows them is the data of binary tensors
     */
    public static InferRequest read(byte[] body, int jsonLength, ModelInfo model) {
        if (jsonLength == body.length) {
            InferRequest usual = InferReader.read(body, model);
            return usual == null ? decode(Json.object(body), model) : usual;
        }
        if (jsonLength < 0 || jsonLength > body.length) {
            throw new BadInputException("Inference-Header-Content-Length: expected 0 to " + body.length
                    + ", the size of the body, was " + jsonLength);
        }
        ByteBuffer binary = ByteBuffer.wrap(body, jsonLength, body.length - jsonLength)
                .slice()
                .order(ByteOrder.LITTLE_ENDIAN);
        InferRequest request = decode(Json.object(Arrays.copyOf(body, jsonLength)), model, binary);
        if (binary.hasRemaining()) {
            throw new BadInputException("body: " + binary.remaining()
                    + " bytes of binary data belong to no input; give their binary_data_size");
        }
        return request;
    }

    static InferRequest decode(ObjectNode body, ModelInfo model) {
        return decode(body, model, ByteBuffer.allocate(0));
    }

    private static InferRequest decode(ObjectNode body, ModelInfo model, ByteBuffer binary) {
        JsonNode id = body.path("id");
        if (!id.isMissingNode() && !id.isTextual()) {
            throw new BadInputException("id: expected a text, was " + Json.typeOf(id));
        }
        List<String> outputs = outputs(body.path("outputs"), model);
        Map<String, Tensor> tensors = tensors(body.path("inputs"), model, binary);
        return new InferRequest(table(tensors, model), outputs, id.textValue(), binaryOutputs(body, model));
    }

    /** The request's parameter is for all outputs that don't say otherwise. */
    private static Set<String> binaryOutputs(ObjectNode body, ModelInfo model) {
        boolean all = flag(body.path("parameters").path("binary_data_output"), "parameters.binary_data_output", false);
        Set<String> binary = new HashSet<>(all ? InferResponse.outputNames(model) : List.of());
        JsonNode outputs = body.path("outputs");
        for (int i = 0; i < outputs.size(); i++) {
            String place = "outputs[" + i + "].parameters.binary_data";
            String name = outputs.get(i).path("name").asText();
            if (flag(outputs.get(i).path("parameters").path("binary_data"), place, all)) {
                binary.add(name);
            } else {
                binary.remove(name);
            }
        }
        return binary;
    }

    private static boolean flag(JsonNode value, String place, boolean otherwise) {
        if (value.isMissingNode()) {
            return otherwise;
        }
        if (!value.isBoolean()) {
            throw new BadInputException(place + ": expected true or false, was " + Json.typeOf(value));
        }
        return value.booleanValue();
    }

    private static List<String> outputs(JsonNode outputs, ModelInfo model) {
        if (outputs.isMissingNode()) {
            return List.of();
        }
        if (!outputs.isArray()) {
            throw new BadInputException("outputs: expected an array, was " + Json.typeOf(outputs));
        }
        List<String> names = new ArrayList<>();
        List<String> known = InferResponse.outputNames(model);
        for (int i = 0; i < outputs.size(); i++) {
            String name = outputs.get(i).path("name").textValue();
            if (name == null || !known.contains(name)) {
                throw new BadInputException("outputs[" + i + "].name: model " + model.key() + " has no output "
                        + Json.typeOf(outputs.get(i).path("name")) + Names.suggest(name == null ? "" : name, known));
            }
            if (names.contains(name)) {
                throw new BadInputException("outputs[" + i + "].name: \"" + name + "\" is asked for twice");
            }
            names.add(name);
        }
        return names;
    }

    private static Map<String, Tensor> tensors(JsonNode inputs, ModelInfo model, ByteBuffer binary) {
        if (!inputs.isArray()) {
            throw new BadInputException("inputs: expected an array of tensors, was " + Json.typeOf(inputs));
        }
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (int i = 0; i < inputs.size(); i++) {
            String place = "inputs[" + i + "]";
            Tensor tensor = tensor(inputs.get(i), place, model, binary);
            for (Tensor first : tensors.values().stream().limit(1).toList()) {
                if (first.rows() != tensor.rows()) {
                    throw new BadInputException(tensor.place() + ".shape: expected " + first.rows() + " rows as in \""
                            + first.column().name() + "\", was " + tensor.rows());
                }
            }
            if (tensors.put(tensor.column().name(), tensor) != null) {
                throw new BadInputException(
                        place + ".name: \"" + tensor.column().name() + "\" is given twice");
            }
        }
        List<String> missing = columnNames(model).stream()
                .filter(name -> !tensors.containsKey(name))
                .toList();
        if (!missing.isEmpty()) {
            throw new BadInputException("inputs: missing " + Names.list(missing) + "; model " + model.key() + " needs "
                    + Names.list(columnNames(model)));
        }
        return tensors;
    }

    private static Tensor tensor(JsonNode node, String index, ModelInfo model, ByteBuffer binary) {
        if (!node.isObject()) {
            throw new BadInputException(index + ": expected a tensor object, was " + Json.typeOf(node));
        }
        JsonNode name = node.path("name");
        Input column = model.inputs().stream()
                .filter(input -> input.name().equals(name.textValue()))
                .findFirst()
                .orElseThrow(() -> new BadInputException(index + ".name: model " + model.key() + " has no input "
                        + Json.typeOf(name) + Names.suggest(name.asText(), columnNames(model))));
        String place = index + " (" + column.name() + ")";
        Tensors type = Tensors.forColumn(node.path("datatype"), column.kind(), place + ".datatype");
        int rows = rows(node.path("shape"), column, place + ".shape");
        JsonNode size = node.path("parameters").path("binary_data_size");
        if (!size.isMissingNode()) {
            if (node.has("data")) {
                throw new BadInputException(place + ".data: the tensor has binary_data_size too; send one of them");
            }
            ByteBuffer data = take(binary, size, place + ".parameters.binary_data_size");
            if (!type.holds(data, (long) rows * column.width())) {
                throw new BadInputException(place + ".parameters.binary_data_size: expected the size of "
                        + (long) rows * column.width() + " elements of " + type + ", was " + size);
            }
            return new Tensor(column, type, rows, List.of(), data, place);
        }
        JsonNode data = node.path("data");
        if (!data.isArray()) {
            throw new BadInputException(place + ".data: expected an array, was " + Json.typeOf(data));
        }
        return new Tensor(column, type, rows, flat(data, node.path("shape"), rows, column, place), null, place);
    }

    /** The next bytes of the binary data, which come in the order of the inputs. */
    private static ByteBuffer take(ByteBuffer binary, JsonNode size, String place) {
        if (!size.isIntegralNumber() || !size.canConvertToInt() || size.intValue() < 0) {
            throw new BadInputException(place + ": expected a whole number from 0, was " + Json.typeOf(size));
        }
        if (size.intValue() > binary.remaining()) {
            throw new BadInputException(place + ": " + size + " bytes, but " + binary.remaining()
                    + " are left behind the JSON; is the header Inference-Header-Content-Length set?");
        }
        ByteBuffer taken = binary.slice(binary.position(), size.intValue()).order(ByteOrder.LITTLE_ENDIAN);
        binary.position(binary.position() + size.intValue());
        return taken;
    }

    private static int rows(JsonNode shape, Input column, String place) {
        boolean vector = column.kind() == Kind.VECTOR;
        boolean known = shape.isArray()
                && (shape.size() == 2 || (shape.size() == 1 && !vector))
                && shape.get(0).canConvertToInt()
                && shape.get(0).isIntegralNumber()
                && shape.get(0).intValue() >= 0
                && (shape.size() == 1
                        || (shape.get(1).isIntegralNumber() && shape.get(1).longValue() == column.width()));
        if (!known) {
            throw new BadInputException(
                    place + ": expected " + (vector ? "[-1," + column.width() + "]" : "[-1] or [-1,1]") + ", was "
                            + (shape.isArray() ? shape : Json.typeOf(shape)));
        }
        if (shape.get(0).intValue() == 0) {
            throw new BadInputException(place + ": expected at least 1 row, was an empty batch");
        }
        return shape.get(0).intValue();
    }

    /** The elements in row-major order, of flat data or data nested as the shape says. */
    private static List<JsonNode> flat(JsonNode data, JsonNode shape, int rows, Input column, String place) {
        long expected = (long) rows * column.width();
        boolean nested = shape.size() == 2 && data.size() > 0 && data.get(0).isArray();
        List<JsonNode> elements = new ArrayList<>();
        for (int i = 0; i < data.size(); i++) {
            JsonNode item = data.get(i);
            if (!nested) {
                elements.add(item);
                continue;
            }
            if (!item.isArray() || item.size() != column.width()) {
                throw new BadInputException(place + ".data[" + i + "]: expected an array of " + column.width()
                        + " for shape " + shape + ", was " + Json.typeOf(item));
            }
            item.forEach(elements::add);
        }
        if (elements.size() != expected) {
            throw new BadInputException(place + ".data: expected " + expected + " elements for shape " + shape
                    + ", was " + elements.size());
        }
        return elements;
    }

    private static RowTable table(Map<String, Tensor> tensors, ModelInfo model) {
        int count = tensors.values().stream().findFirst().map(Tensor::rows).orElse(0);
        return TableBuilder.build(model, count, (cells, at) -> {
            Tensor tensor = tensors.get(model.inputs().get(at).name());
            if (tensor != null) {
                fill(tensor, cells);
            }
        });
    }

    private static void fill(Tensor tensor, TableBuilder.Column target) {
        int width = tensor.column().width();
        ByteBuffer data = tensor.data();
        Tensors type = tensor.type();
        for (int i = 0; i < tensor.rows() * width; i++) {
            String place = tensor.place() + ".data[" + i + "]";
            if (tensor.column().kind() == Kind.VECTOR) {
                double number = data == null ? type.number(tensor.elements().get(i), place) : type.number(data, place);
                if (Math.abs(number) > Float.MAX_VALUE) {
                    throw new BadInputException(place + ": expected a number in the range of FP32, was " + number);
                }
                target.element(i / width, i % width, (float) number);
            } else {
                target.cell(i, data == null ? type.cell(tensor.elements().get(i), place) : type.cell(data, place));
            }
        }
        if (data != null && data.hasRemaining()) {
            throw new BadInputException(tensor.place() + ".parameters.binary_data_size: " + data.remaining()
                    + " bytes behind the last of " + tensor.rows() * width + " elements");
        }
    }

    private static List<String> columnNames(ModelInfo model) {
        return model.inputs().stream().map(Input::name).toList();
    }
}
