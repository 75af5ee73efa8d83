package dev.sampo.serving.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sampo.serving.Samples;
import dev.sampo.serving.registry.ModelInfo;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Inputs as bytes behind the JSON, by Triton's binary tensor data extension. */
class BinaryTensorsTest {
    private static InferRequest read(String json, String hex, ModelInfo model) {
        byte[] head = json.replace('\'', '"').getBytes(UTF_8);
        byte[] data = HexFormat.of().parseHex(hex.replace(" ", ""));
        byte[] body = Arrays.copyOf(head, head.length + data.length);
        System.arraycopy(data, 0, body, head.length, data.length);
        return InferRequest.read(body, head.length, model);
    }

    private static String rooms(String type, int rows, int size) {
        return "{'inputs':[{'name':'rooms','shape':[" + rows + "],'datatype':'" + type
                + "','parameters':{'binary_data_size':" + size + "}}]}";
    }

    @ParameterizedTest
    @CsvSource({
        "BOOL, 00 01, 0.0, 1.0",
        "UINT8, 00 ff, 0, 255",
        "INT8, 80 7f, -128, 127",
        "UINT16, 0100 ffff, 1, 65535",
        "INT16, 0080 ff7f, -32768, 32767",
        "UINT32, 01000000 ffffffff, 1, 4294967295",
        "INT32, 00000080 ffffff7f, -2147483648, 2147483647",
        "UINT64, 0100000000000000 ffffffffffffffff, 1, 18446744073709551615",
        "INT64, 0000000000000080 0100000000002000, -9223372036854775808, 9007199254740993",
        "FP16, 0100 ff7b, 5.960464477539063E-8, 65504.0",
        "FP32, 0000c03f 000000c0, 1.5, -2.0",
        "FP64, 9a9999999999b93f 0000000000000080, 0.1, -0.0"
    })
    void readsEveryNumericDatatype(String type, String hex, String first, String second) {
        int size = hex.replace(" ", "").length() / 2;
        assertThat(read(rooms(type, 2, size), hex, Samples.house()).rows().cells())
                .isDeepEqualTo(new String[][] {{first}, {second}});
    }

    @Test
    void readsTextsVectorsAndJsonBesideThem() {
        InferRequest adult = read(
                "{'inputs':[{'name':'workclass','shape':[2],'datatype':'BYTES','parameters':{'binary_data_size':10}},"
                        + "{'name':'age','shape':[2],'datatype':'FP32','data':[1,2]}],"
                        + "'outputs':[{'name':'label','parameters':{'binary_data':true}},{'name':'probabilities'}]}",
                "02000000 c3a4 00000000",
                Samples.adult());
        assertThat(adult.rows().cells()).isDeepEqualTo(new String[][] {{"1", "ä"}, {"2", null}});
        assertThat(adult.binary()).containsExactly("label");

        InferRequest pixels = read(
                "{'inputs':[{'name':'pixels','shape':[1,4],'datatype':'FP32','parameters':{'binary_data_size':16}}],"
                        + "'parameters':{'binary_data_output':true},"
                        + "'outputs':[{'name':'label','parameters':{'binary_data':false}},{'name':'probabilities'}]}",
                "0000803f 00000040 00000000 000080bf",
                Samples.pixels());
        assertThat(pixels.rows().values()).isDeepEqualTo(new float[][] {{1, 2, 0, -1}});
        assertThat(pixels.binary()).containsExactly("probabilities");
    }

    /** The bytes are taken in the order of the inputs in the request, not in the model's. */
    @Test
    void takesTheBytesInTheOrderOfTheRequest() {
        assertThat(read(
                                "{'inputs':[{'name':'workclass','shape':[1],'datatype':'BYTES','parameters':{'binary_data_size':5}},"
                                        + "{'name':'age','shape':[1],'datatype':'INT8','parameters':{'binary_data_size':1}}]}",
                                "01000000 61 07",
                                Samples.adult())
                        .rows()
                        .cells())
                .isDeepEqualTo(new String[][] {{"7", "a"}});
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "FP32  | 2 | 4 | 0000803f          | binary_data_size: expected the size of 2 elements of FP32, was 4",
                "FP32  | 1 | 8 | 0000803f          | binary_data_size: 8 bytes, but 4 are left behind the JSON",
                "FP32  | 1 | 4 | 0000803f 00       | 1 bytes of binary data belong to no input",
                "FP32  | 1 | 4 | 0000c07f          | inputs[0] (rooms).data[0]: expected a value of FP32, was NaN",
                "FP16  | 1 | 2 | 007c              | inputs[0] (rooms).data[0]: expected a value of FP16, was Infinity",
                "FP32  | 1 | -1| 0000803f          | binary_data_size: expected a whole number from 0, was -1",
            })
    void refusesWhatDoesNotFit(String type, int rows, int size, String hex, String reason) {
        assertThatThrownBy(() -> read(rooms(type, rows, size), hex, Samples.house()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(reason);
    }

    @ParameterizedTest
    @CsvSource({
        "02000000, 'data[0]: expected a length of 4 bytes and as many bytes'",
        "ffffffff, 'data[0]: expected a length of 4 bytes and as many bytes'",
        "0000, expected the size of 1 elements of BYTES",
        "01000000 61 62, 1 bytes behind the last of 1 elements"
    })
    void refusesTornTexts(String hex, String reason) {
        int size = hex.replace(" ", "").length() / 2;
        assertThatThrownBy(() -> read(
                        "{'inputs':[{'name':'age','shape':[1],'datatype':'INT8','data':[1]},{'name':'workclass',"
                                + "'shape':[1],'datatype':'BYTES','parameters':{'binary_data_size':" + size + "}}]}",
                        hex,
                        Samples.adult()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(reason);
    }

    @Test
    void refusesDataTwiceAndFlagsThatAreNone() {
        assertThatThrownBy(() -> read(
                        "{'inputs':[{'name':'rooms','shape':[1],'datatype':'INT8','data':[1],"
                                + "'parameters':{'binary_data_size':1}}]}",
                        "01",
                        Samples.house()))
                .hasMessageContaining("the tensor has binary_data_size too");
        assertThatThrownBy(() -> read(
                        rooms("INT8", 1, 1).replace("{'inputs'", "{'parameters':{'binary_data_output':1},'inputs'"),
                        "01",
                        Samples.house()))
                .hasMessageContaining("parameters.binary_data_output: expected true or false, was 1");
    }

    /** A shape that is too large costs nothing: the sizes are compared before anything is allocated. */
    @Test
    void refusesAHugeShapeBeforeItAllocates() {
        assertThatThrownBy(() -> read(rooms("FP32", Integer.MAX_VALUE, 4), "0000803f", Samples.house()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("expected the size of 2147483647 elements");
        String texts = "{'inputs':[{'name':'workclass','shape':[2147483647],'datatype':'BYTES',"
                + "'parameters':{'binary_data_size':4}}]}";
        assertThatThrownBy(() -> read(texts, "00000000", Samples.adult()))
                .hasMessageContaining("expected the size of 2147483647 elements");
    }
}
