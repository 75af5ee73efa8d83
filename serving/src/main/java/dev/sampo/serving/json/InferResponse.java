package dev.sampo.serving.json;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.model.data.Target;
import dev.sampo.serving.prediction.Predicted;
import dev.sampo.serving.registry.ModelInfo;
import dev.sampo.serving.registry.ModelInfo.Input;
import dev.sampo.serving.registry.ModelInfo.Kind;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Answers of the Open Inference Protocol V2. A classifier has the outputs {@code label} BYTES [n] and
 * {@code probabilities} FP32 [n, classes] (two columns, negative and positive, for a binary one); a regression has
 * {@code value} FP32 [n].
 */
public final class InferResponse {
    private static final String LABEL = "label";
    private static final String PROBABILITIES = "probabilities";
    private static final String VALUE = "value";

    private InferResponse() {}

    /** The output tensors of a model, in the order of the answer. */
    static List<String> outputNames(ModelInfo model) {
        return model.prediction().kind() == Target.Kind.NUMERIC ? List.of(VALUE) : List.of(LABEL, PROBABILITIES);
    }

    /**
     * An answer.
     *
     * @param binary the data of the outputs that are binary, one after the other; empty if none is
     */
    @SuppressWarnings("ArrayRecordComponent")
    public record Encoded(ObjectNode json, byte[] binary) {}

    /** The answer to an inference request. */
    public static Encoded encode(ModelInfo model, Predicted predicted, InferRequest request) {
        ObjectNode answer = Json.object()
                .put("model_name", predicted.model())
                .put("model_version", Integer.toString(predicted.version()));
        if (request.id() != null) {
            answer.put("id", request.id());
        }
        ByteArrayOutputStream binary = new ByteArrayOutputStream();
        ArrayNode tensors = answer.putArray("outputs");
        for (String output : request.outputs().isEmpty() ? outputNames(model) : request.outputs()) {
            ObjectNode tensor = tensors.addObject().put("name", output);
            ArrayNode shape = tensor.putArray("shape").add(predicted.rows());
            if (output.equals(PROBABILITIES)) {
                shape.add(model.classes().size());
            }
            tensor.put("datatype", datatype(output).name());
            if (request.binary().contains(output)) {
                byte[] data = bytes(output, model, predicted);
                tensor.putObject("parameters").put("binary_data_size", data.length);
                binary.writeBytes(data);
            } else {
                fill(tensor.putArray("data"), output, model, predicted);
            }
        }
        return new Encoded(answer, binary.toByteArray());
    }

    private static byte[] bytes(String output, ModelInfo model, Predicted predicted) {
        if (output.equals(LABEL)) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            for (String label : predicted.labels()) {
                byte[] text = label.getBytes(StandardCharsets.UTF_8);
                bytes.writeBytes(littleEndian(Integer.BYTES).putInt(text.length).array());
                bytes.writeBytes(text);
            }
            return bytes.toByteArray();
        }
        if (!output.equals(PROBABILITIES)) {
            ByteBuffer bytes = littleEndian(predicted.values().length * Float.BYTES);
            bytes.asFloatBuffer().put(predicted.values());
            return bytes.array();
        }
        ByteBuffer bytes = littleEndian(predicted.rows() * model.classes().size() * Float.BYTES);
        for (int row = 0; row < predicted.rows(); row++) {
            for (float probability : probabilities(model, predicted, row)) {
                bytes.putFloat(probability);
            }
        }
        return bytes.array();
    }

    private static ByteBuffer littleEndian(int sizeBytes) {
        return ByteBuffer.allocate(sizeBytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The model's metadata. */
    public static ObjectNode metadata(ModelInfo model, List<Integer> versions) {
        ObjectNode metadata = Json.object().put("name", model.name());
        ArrayNode known = metadata.putArray("versions");
        versions.forEach(version -> known.add(Integer.toString(version)));
        metadata.put("platform", "sampo_v1");
        ArrayNode inputs = metadata.putArray("inputs");
        for (Input input : model.inputs()) {
            ObjectNode tensor = inputs.addObject()
                    .put("name", input.name())
                    .put("datatype", Tensors.of(input.kind()).name());
            ArrayNode shape = tensor.putArray("shape").add(-1);
            if (input.kind() == Kind.VECTOR) {
                shape.add(input.width());
            }
        }
        ArrayNode outputs = metadata.putArray("outputs");
        for (String output : outputNames(model)) {
            ObjectNode tensor = outputs.addObject()
                    .put("name", output)
                    .put("datatype", datatype(output).name());
            ArrayNode shape = tensor.putArray("shape").add(-1);
            if (output.equals(PROBABILITIES)) {
                shape.add(model.classes().size());
                // The protocol's parameters are scalars, so the list of classes goes as its JSON text.
                tensor.putObject("parameters").put("classes", Json.text(texts(model.classes())));
            }
        }
        return metadata;
    }

    private static void fill(ArrayNode data, String output, ModelInfo model, Predicted predicted) {
        switch (output) {
            case LABEL -> predicted.labels().forEach(data::add);
            case PROBABILITIES -> {
                for (int row = 0; row < predicted.rows(); row++) {
                    for (float probability : probabilities(model, predicted, row)) {
                        data.add(probability);
                    }
                }
            }
            default -> {
                for (float value : predicted.values()) {
                    data.add(value);
                }
            }
        }
    }

    /** The probability of each class for one row, in class order; empty if the target is numeric. */
    static float[] probabilities(ModelInfo model, Predicted predicted, int row) {
        int classes = model.classes().size();
        float[] probabilities = new float[classes];
        if (model.prediction().kind() == Target.Kind.BINARY) {
            float positive = predicted.values()[row * predicted.outputs()];
            probabilities[0] = 1 - positive;
            probabilities[1] = positive;
        } else {
            System.arraycopy(predicted.values(), row * predicted.outputs(), probabilities, 0, classes);
        }
        return probabilities;
    }

    private static Tensors datatype(String output) {
        return output.equals(LABEL) ? Tensors.BYTES : Tensors.FP32;
    }

    static ArrayNode texts(List<String> texts) {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        texts.forEach(array::add);
        return array;
    }
}
