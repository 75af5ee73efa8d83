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
        int data = 8 + (int) headerLength;
        float[] weights = new float[network.parameterCount()];
        for (Network.Tensor tensor : network.tensors()) {
            JsonNode entry = header.path(tensor.name());
            long from = entry.path("data_offsets").path(0).asLong(-1);
            long to = entry.path("data_offsets").path(1).asLong(-1);
            if (!entry.path("dtype").asText().equals("F32")
                    || from < 0
                    || to - from != 4L * size(tensor)
                    || to > file.length - data) {
                throw new IOException("tensor " + tensor.name() + " is missing or not F32 of shape " + tensor.shape());
            }
            in.position(data + (int) from);
            in.asFloatBuffer().get(weights, tensor.offset(), size(tensor));
        }
        return weights;
    }

    private static int size(Network.Tensor tensor) {
        return tensor.shape().stream().reduce(1, Math::multiplyExact);
    }
}
