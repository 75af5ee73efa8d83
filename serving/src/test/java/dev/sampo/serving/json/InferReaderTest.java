package dev.sampo.serving.json;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.serving.Samples;
import dev.sampo.serving.registry.ModelInfo;
import dev.sampo.serving.registry.ModelInfo.Input;
import dev.sampo.serving.registry.ModelInfo.Kind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.StringJoiner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The reading in one pass against the tree: the same request, or none. */
class InferReaderTest {
    private static final ModelInfo MIXED = Samples.info(
            "mixed",
            1,
            Samples.NUMERIC,
            new Input("age", Kind.NUMBER, 1),
            new Input("pixels", Kind.VECTOR, 3),
            new Input("work", Kind.TEXT, 1));
    private static final String[] NUMBERS = {
        "0",
        "-0",
        "-0.0",
        "1",
        "0.1",
        "0.10",
        "-7.25",
        "123456789012345678",
        "1e3",
        "1E-7",
        "1e999",
        "null",
        "\"1\"",
        "true",
        "3.4028236e38",
        "0.1000000000000000055511151231257827",
        "99999999999999999999999999",
        "NaN",
        "01",
        "[1]"
    };
    private static final String[] TEXTS = {"\"a\"", "\"\"", "null", "\"\\u00e4\\n\"", "\"ä€😀\"", "1", "\"x", "{}"};

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void assertSame(String body, ModelInfo model) {
        InferRequest fast = InferReader.read(bytes(body), model);
        if (fast == null) {
            return;
        }
        InferRequest slow = InferRequest.decode(Json.object(bytes(body)), model);
        assertThat(fast.id()).isEqualTo(slow.id());
        assertThat(fast.outputs()).isEqualTo(slow.outputs());
        assertThat(fast.rows().columns()).isEqualTo(slow.rows().columns());
        assertThat(fast.rows().vectorName()).isEqualTo(slow.rows().vectorName());
        assertThat(fast.rows().values()).isDeepEqualTo(slow.rows().values());
        assertThat(fast.rows().count()).isEqualTo(slow.rows().count());
        int number = fast.rows().columns().indexOf("age");
        for (int row = 0; row < fast.rows().count(); row++) {
            for (int i = 0; i < fast.rows().columns().size(); i++) {
                String mine = fast.rows().cells()[row][i];
                String theirs = slow.rows().cells()[row][i];
                // The digits may differ, the number may not: 0.10 and 0.1.
                if (i == number && mine != null && theirs != null) {
                    assertThat(Double.parseDouble(mine)).as(body).isEqualTo(Double.parseDouble(theirs));
                } else {
                    assertThat(mine).as(body).isEqualTo(theirs);
                }
            }
        }
    }

    private static String any(Random random, String[] usual, int usualCount) {
        return usual[random.nextInt(random.nextInt(60) == 0 ? usual.length : usualCount)];
    }

    /** A request that is most often right, with its fields most often in their usual order. */
    private static String request(Random random) {
        int rows = 1 + random.nextInt(3);
        List<String> tensors = new ArrayList<>();
        for (Input input : MIXED.inputs()) {
            String[] from = input.kind() == Kind.TEXT ? TEXTS : NUMBERS;
            int usual = input.kind() == Kind.TEXT ? 5 : 8;
            StringJoiner data = new StringJoiner(",", "[", "]");
            int count = rows * input.width() + (random.nextInt(40) == 0 ? 1 : 0);
            for (int i = 0; i < count; i++) {
                data.add(any(random, from, usual));
            }
            String type = input.kind() == Kind.TEXT ? "BYTES" : random.nextBoolean() ? "FP64" : "FP32";
            boolean two = input.kind() == Kind.VECTOR || random.nextBoolean();
            List<String> fields = new ArrayList<>(List.of(
                    "\"name\":\"" + input.name() + "\"",
                    "\"datatype\":\"" + (random.nextInt(40) == 0 ? "INT8" : type) + "\"",
                    "\"shape\":[" + rows + (two ? "," + input.width() : "") + "]",
                    "\"data\":" + data));
            if (random.nextInt(10) == 0) {
                Collections.shuffle(fields, random);
            }
            if (random.nextInt(40) == 0) {
                fields.add(fields.get(random.nextInt(4)));
            }
            tensors.add("{" + String.join(",", fields) + "}");
        }
        if (random.nextInt(3) == 0) {
            Collections.shuffle(tensors, random);
        }
        if (random.nextInt(40) == 0) {
            tensors.remove(0);
        }
        String inputs = "\"inputs\":[" + String.join(",", tensors) + "]";
        return (random.nextBoolean() ? "{\"id\":\"7\"," : "{") + inputs + "}" + (random.nextInt(40) == 0 ? "1" : "");
    }

    @Test
    void readsWhatTheTreeReads() {
        Random random = new Random(11);
        int read = 0;
        for (int i = 0; i < 20_000; i++) {
            String body = request(random);
            assertSame(body, MIXED);
            read += InferReader.read(bytes(body), MIXED) == null ? 0 : 1;
        }
        // Otherwise nothing was compared.
        assertThat(read).isBetween(4_000, 18_000);
    }

    /** The tree refuses them; so they must not be read without it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{}",
                "{'inputs':[]}",
                "{'inputs':[1]}",
                "{'inputs':[{'name':'rooms','datatype':'FP64','shape':[1]}]}",
                "{'inputs':[{'name':'rooms','datatype':'FP64','shape':[0],'data':[]}]}",
                "{'inputs':[{'name':'rooms','datatype':'FP64','shape':[-1],'data':[]}]}",
                "{'inputs':[{'name':'rooms','datatype':'FP64','shape':[2147483647],'data':[1]}]}",
                "{'inputs':[{'name':'rooms','datatype':'FP64','shape':[99999999999],'data':[1]}]}",
                "{'inputs':[{'name':'rooms','datatype':'FP64','shape':[1,2],'data':[1]}]}",
                "{'inputs':[{'name':'rooms','datatype':'FP64','shape':[1,1,1],'data':[1]}]}",
                "{'inputs':[{'name':'room','datatype':'FP64','shape':[1],'data':[1]}]}",
                "{'inputs':[{'name':'rooms','datatype':'BYTES','shape':[1],'data':['1']}]}",
                "{'inputs':[{'name':'rooms','datatype':'FP64','shape':[1],'data':[1]}],'id':7}",
                "{'inputs':[{'name':'rooms','datatype':'FP64','shape':[1],'data':[1]}],'inputs':[]}",
                "{'inputs':[{'name':'rooms','datatype':'FP64','shape':[1],'data':[1]}]}{}",
                "{'inputs':[{'name':'rooms','datatype':'FP64','shape':[1],'data':[1]},"
                        + "{'name':'rooms','datatype':'FP64','shape':[1],'data':[1]}]}",
                "{'inputs':[{'name':'rooms','datatype':'FP64','shape':[1],'data':[1],"
                        + "'parameters':{'binary_data_size':8}}]}"
            })
    void leavesWhatIsWrongToTheTree(String body) {
        assertThat(InferReader.read(bytes(body.replace('\'', '"')), Samples.house()))
                .isNull();
    }

    @Test
    void readsTheUsualForm() {
        InferRequest request = InferReader.read(
                bytes(("{'id':'a','inputs':[{'name':'pixels','shape':[1,4],'datatype':'FP32','data':[0,0.5,-1e-3,2]}]}")
                        .replace('\'', '"')),
                Samples.pixels());

        assertThat(request).isNotNull();
        assertThat(request.id()).isEqualTo("a");
        assertThat(request.rows().values()).isDeepEqualTo(new float[][] {{0, 0.5f, -1e-3f, 2}});
    }
}
