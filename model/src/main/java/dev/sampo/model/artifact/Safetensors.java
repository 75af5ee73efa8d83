package dev.sampo.model.artifact;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
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
import java.util.TreeMap;

/**
 * The open weights format: {@code u64 header length, JSON header, raw little-endian tensors}. The bytes depend on the weights
 * alone, so the same weights are the same file.
 */
public final class Safetensors {
    /** The limit of the format's reference implementation. */
    private static final int HEADER_MAX = 100_000_000;

    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private Safetensors() {}

    /** The file of flattened weights [parameterCount], tensor by tensor in the network's order. */
    public static byte[] write(Network network, float[] weights) {
        if (weights.length != network.parameterCount()) {
            throw new IllegalArgumentException(
                    "weights must be " + network.parameterCount() + " but are " + weights.length);
        }
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

    /** The flattened weights of a file whose tensors must be the network's, in any order; an error says what is wrong. */
    public static float[] read(Network network, byte[] file) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        long headerLength = file.length < 8 ? -1 : in.getLong();
        if (headerLength < 2 || headerLength > Math.min(file.length - 8, HEADER_MAX)) {
            throw new IOException(
                    "not a safetensors file: its header would be " + headerLength + " bytes of " + file.length);
        }
        JsonNode header = header(network, new String(file, 8, (int) headerLength, StandardCharsets.UTF_8));
        int data = 8 + (int) headerLength;
        TreeMap<Long, Network.Tensor> starts = new TreeMap<>();
        float[] weights = new float[network.parameterCount()];
        for (Network.Tensor tensor : network.tensors()) {
            long from = start(tensor, header.path(tensor.name()), file.length - data);
            starts.put(from, tensor);
            in.position(data + (int) from);
            in.asFloatBuffer().get(weights, tensor.offset(), size(tensor));
        }
        checkCover(starts, file.length - data);
        return weights;
    }

    private static JsonNode header(Network network, String text) throws IOException {
        JsonNode header;
        try {
            header = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IOException("not a safetensors file: its header is not JSON: " + e.getOriginalMessage(), e);
        }
        if (header.size() - (header.has("__metadata__") ? 1 : 0)
                != network.tensors().size()) {
            throw new IOException("the file holds " + names(header) + ", the model has "
                    + network.tensors().stream().map(Network.Tensor::name).toList());
        }
        return header;
    }

    /** The format wants the data without overlaps, holes and a rest: nothing in a file is read twice or not at all. */
    private static void checkCover(TreeMap<Long, Network.Tensor> starts, long dataBytes) throws IOException {
        long end = 0;
        for (var each : starts.entrySet()) {
            if (each.getKey() != end) {
                throw new IOException("tensor " + each.getValue().name() + " begins at data byte " + each.getKey()
                        + ", the one before it ends at " + end);
            }
            end += 4L * size(each.getValue());
        }
        if (end != dataBytes) {
            throw new IOException("tensors cover " + end + " of the " + dataBytes + " bytes of data");
        }
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
        JsonNode offsets = entry.path("data_offsets");
        long from = whole(offsets.path(0));
        if (offsets.size() != 2 || from < 0 || from > dataBytes - bytes || whole(offsets.path(1)) != from + bytes) {
            throw new IOException("tensor " + tensor.name() + ": its data_offsets " + offsets + " are not " + bytes
                    + " of the " + dataBytes + " bytes of data");
        }
        return from;
    }

    /** The whole number of a node, or -1; {@code asLong} would take 1e300, 0.5 and "7" for one. */
    private static long whole(JsonNode node) {
        return node.isIntegralNumber() && node.canConvertToLong() ? node.longValue() : -1;
    }

    private static int size(Network.Tensor tensor) {
        return tensor.shape().stream().reduce(1, Math::multiplyExact);
    }
}
