package dev.sampo.model.artifact;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.model.network.Network;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The open weights format: {@code u64 header length, JSON header, raw little-endian tensors}. The bytes depend on the weights
 * alone, so the same weights are the same file.
 */
public final class Safetensors {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Safetensors() {}

    /** The file of flattened weights [parameterCount], tensor by tensor in the network's order. */
    public static byte[] write(Network network, float[] weights) {
        ObjectNode header = JSON.createObjectNode();
        for (Network.Tensor tensor : network.tensors()) {
            ObjectNode entry = header.putObject(tensor.name()).put("dtype", "F32");
            var shape = entry.putArray("shape");
            tensor.shape().forEach(shape::add);
            long from = 4L * tensor.offset();
            entry.putArray("data_offsets").add(from).add(from + 4L * size(tensor));
        }
        StringBuilder text = new StringBuilder(header.toString());
        while (text.length() % 8 != 0) {
            text.append(' ');
        }
        byte[] json = text.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(Math.addExact(8 + json.length, Math.multiplyExact(4, weights.length)))
                .order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(json.length).put(json);
        out.asFloatBuffer().put(weights);
        return out.array();
    }

    /** The flattened weights of a file whose tensors must be the network's. */
    public static float[] read(Network network, byte[] file) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        long headerLength = file.length < 8 ? -1 : in.getLong();
        if (headerLength < 2 || headerLength > file.length - 8L) {
            throw new IOException(
                    "not a safetensors file: its header would be " + headerLength + " bytes of " + file.length);
        }
        JsonNode header;
        try {
            header = JSON.readTree(new String(file, 8, (int) headerLength, StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            throw new IOException("not a safetensors file: its header is not JSON", e);
        }
        if (header.size() - (header.has("__metadata__") ? 1 : 0)
                != network.tensors().size()) {
            throw new IOException("the file holds " + names(header) + ", the model has "
                    + network.tensors().stream().map(Network.Tensor::name).toList());
        }
        int data = 8 + (int) headerLength;
        float[] weights = new float[network.parameterCount()];
        for (Network.Tensor tensor : network.tensors()) {
            long from = start(tensor, header.path(tensor.name()), file.length - data);
            in.position(data + (int) from);
            in.asFloatBuffer().get(weights, tensor.offset(), size(tensor));
        }
        return weights;
    }

    private static List<String> names(JsonNode header) {
        List<String> names = new ArrayList<>();
        header.fieldNames().forEachRemaining(names::add);
        return names;
    }

    /** Where a tensor's bytes begin within the data, all of which lie there. */
    private static long start(Network.Tensor tensor, JsonNode entry, long dataBytes) throws IOException {
        List<Integer> shape = new ArrayList<>();
        entry.path("shape").forEach(size -> shape.add(size.canConvertToInt() ? size.asInt() : -1));
        if (!entry.path("dtype").asText().equals("F32") || !shape.equals(tensor.shape())) {
            throw new IOException("tensor " + tensor.name() + " is "
                    + (entry.isMissingNode() ? "missing" : entry.path("dtype").asText() + " " + shape)
                    + ", expected F32 " + tensor.shape());
        }
        long bytes = 4L * size(tensor);
        long from = entry.path("data_offsets").path(0).asLong(-1);
        if (from < 0
                || from > dataBytes - bytes
                || entry.path("data_offsets").path(1).asLong(-1) != from + bytes) {
            throw new IOException("tensor " + tensor.name() + ": its data_offsets " + entry.path("data_offsets")
                    + " are not " + bytes + " of the " + dataBytes + " bytes of data");
        }
        return from;
    }

    private static int size(Network.Tensor tensor) {
        return tensor.shape().stream().reduce(1, Math::multiplyExact);
    }
}
