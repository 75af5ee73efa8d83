package dev.sampo.serving.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.serving.Samples;
import dev.sampo.serving.prediction.Predicted;
import dev.sampo.serving.registry.ModelInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class InferResponseTest {
    private static ObjectNode json(ModelInfo model, Predicted predicted, List<String> outputs, @Nullable String id) {
        InferResponse.Encoded encoded =
                InferResponse.encode(model, predicted, new InferRequest(Samples.rooms(1), outputs, id, Set.of()));
        assertThat(encoded.binary()).isEmpty();
        return encoded.json();
    }

    @Test
    void givesBinaryDataWhereItIsAskedFor() {
        Predicted predicted = new Predicted("adult", 3, 1, new float[] {0.75f, 0}, List.of(">50K", "ä"));

        InferResponse.Encoded all = InferResponse.encode(
                Samples.adult(),
                predicted,
                new InferRequest(Samples.rooms(1), List.of(), null, Set.of("label", "probabilities")));
        assertThat(all.json().path("outputs"))
                .hasToString("[{\"name\":\"label\",\"shape\":[2],\"datatype\":\"BYTES\",\"parameters\":"
                        + "{\"binary_data_size\":14}},{\"name\":\"probabilities\",\"shape\":[2,2],\"datatype\":\"FP32\","
                        + "\"parameters\":{\"binary_data_size\":16}}]");
        ByteBuffer data = ByteBuffer.wrap(all.binary()).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(data.getInt()).isEqualTo(4);
        assertThat(new byte[] {data.get(), data.get(), data.get(), data.get()}).isEqualTo(">50K".getBytes(UTF_8));
        assertThat(data.getInt()).isEqualTo(2);
        assertThat(new byte[] {data.get(), data.get()}).isEqualTo("ä".getBytes(UTF_8));
        assertThat(new float[] {data.getFloat(), data.getFloat(), data.getFloat(), data.getFloat()})
                .containsExactly(0.25f, 0.75f, 1, 0);
        assertThat(data.hasRemaining()).isFalse();

        InferResponse.Encoded one = InferResponse.encode(
                Samples.house(),
                new Predicted("house", 1, 1, new float[] {2.5f}, List.of()),
                new InferRequest(Samples.rooms(1), List.of(), null, Set.of("value")));
        assertThat(one.binary()).containsExactly(0, 0, 0x20, 0x40);
    }

    @Test
    void givesAClassifierItsLabelsAndProbabilities() {
        Predicted predicted =
                new Predicted("pixels", 1, 3, new float[] {0.5f, 0.25f, 0.25f, 0, 0, 1}, List.of("0", "2"));

        assertThat(json(Samples.pixels(), predicted, List.of(), "42"))
                .hasToString("{\"model_name\":\"pixels\",\"model_version\":\"1\",\"id\":\"42\",\"outputs\":["
                        + "{\"name\":\"label\",\"shape\":[2],\"datatype\":\"BYTES\",\"data\":[\"0\",\"2\"]},"
                        + "{\"name\":\"probabilities\",\"shape\":[2,3],\"datatype\":\"FP32\","
                        + "\"data\":[0.5,0.25,0.25,0.0,0.0,1.0]}]}");
    }

    @Test
    void givesABinaryClassifierBothProbabilities() {
        Predicted predicted = new Predicted("adult", 3, 1, new float[] {0.75f}, List.of(">50K"));

        assertThat(json(Samples.adult(), predicted, List.of("probabilities"), null))
                .hasToString("{\"model_name\":\"adult\",\"model_version\":\"3\",\"outputs\":["
                        + "{\"name\":\"probabilities\",\"shape\":[1,2],\"datatype\":\"FP32\",\"data\":[0.25,0.75]}]}");
        assertThat(JsonRows.predictions(Samples.adult(), predicted))
                .hasToString("[{\"label\":\">50K\",\"probabilities\":{\"<=50K\":0.25,\">50K\":0.75}}]");
    }

    @Test
    void writesFloatsThatParseBackToTheSame() {
        Random random = new Random(7);
        float[] values = new float[2000];
        for (int i = 0; i < values.length; i++) {
            float any = Float.intBitsToFloat(random.nextInt());
            values[i] = i < 1000 ? random.nextFloat() : Float.isFinite(any) ? any : Float.MIN_VALUE;
        }
        Predicted predicted = new Predicted("house", 1, 1, values, List.of());

        ObjectNode read = Json.object(Json.bytes(json(Samples.house(), predicted, List.of(), null)));

        JsonNode data = read.at("/outputs/0/data");
        for (int i = 0; i < values.length; i++) {
            assertThat(Float.parseFloat(data.get(i).asText())).isEqualTo(values[i]);
            assertThat(data.get(i).floatValue()).isEqualTo(values[i]);
        }
    }

    @Test
    void describesInputsAndOutputs() {
        assertThat(InferResponse.metadata(Samples.adult(), List.of(1, 3)))
                .hasToString("{\"name\":\"adult\",\"versions\":[\"1\",\"3\"],\"platform\":\"sampo_v1\",\"inputs\":["
                        + "{\"name\":\"age\",\"datatype\":\"FP64\",\"shape\":[-1]},"
                        + "{\"name\":\"workclass\",\"datatype\":\"BYTES\",\"shape\":[-1]}],\"outputs\":["
                        + "{\"name\":\"label\",\"datatype\":\"BYTES\",\"shape\":[-1]},"
                        + "{\"name\":\"probabilities\",\"datatype\":\"FP32\",\"shape\":[-1,2],"
                        + "\"parameters\":{\"classes\":\"[\\\"<=50K\\\",\\\">50K\\\"]\"}}]}");
        assertThat(InferResponse.metadata(Samples.pixels(), List.of(1)).at("/inputs/0/shape"))
                .hasToString("[-1,4]");
        assertThat(InferResponse.metadata(Samples.house(), List.of(1)).at("/outputs"))
                .hasToString("[{\"name\":\"value\",\"datatype\":\"FP32\",\"shape\":[-1]}]");
    }
}
