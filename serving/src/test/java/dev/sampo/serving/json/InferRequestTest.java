package dev.sampo.serving.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.serving.Samples;
import dev.sampo.serving.registry.ModelInfo;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class InferRequestTest {
    private static final String AGE = "{'name':'age','shape':[2],'datatype':'FP32','data':[39,50.5]}";
    private static final String WORK = "{'name':'workclass','shape':[2],'datatype':'BYTES','data':['Private',null]}";

    private static ObjectNode json(String text) {
        return Json.object(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    private static InferRequest decode(String text, ModelInfo model) {
        return InferRequest.decode(json(text), model);
    }

    @Test
    void readsOneTensorForEachColumnInAnyOrder() {
        InferRequest request = decode(
                "{'id':'42','parameters':{'content_type':'pd'},'inputs':[" + WORK + "," + AGE
                        + "],'outputs':[{'name':'probabilities'}]}",
                Samples.adult());

        assertThat(request.id()).isEqualTo("42");
        assertThat(request.outputs()).containsExactly("probabilities");
        assertThat(request.rows().columns()).containsExactly("age", "workclass");
        assertThat(request.rows().cells()).isDeepEqualTo(new String[][] {{"39", "Private"}, {"50.5", null}});
        assertThat(request.rows().values()).isNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[2]   | FP64  | [1e-3,null]       | 0.001 | null",
                "[2,1] | INT8  | [[-128],[127]]    | -128  | 127",
                "[2,1] | UINT64| [0,18446744073709551615] | 0 | 18446744073709551615",
                "[2]   | INT64 | [9007199254740993,1.0] | 9007199254740993 | 1.0",
                "[2]   | BOOL  | [true,0]          | 1.0   | 0.0",
                "[2]   | FP16  | [65504,-0.0]      | 65504 | -0.0",
            })
    void takesEveryNumericDatatypeForANumber(String shape, String type, String data, String first, String second) {
        InferRequest request = decode(
                "{'inputs':[{'name':'rooms','shape':" + shape + ",'datatype':'" + type.strip() + "','data':" + data
                        + "}]}",
                Samples.house());

        assertThat(request.rows().cells()[0][0]).isEqualTo(first);
        assertThat(String.valueOf(request.rows().cells()[1][0])).isEqualTo(second);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"[1,2,3,4,5,6,7,8]", "[[1,2,3,4],[5,6,7,8]]"})
    void readsVectorsFlatOrNested(String data) {
        InferRequest request = decode(
                "{'inputs':[{'name':'pixels','shape':[2,4],'datatype':'UINT8','data':" + data + "}]}",
                Samples.pixels());

        assertThat(request.rows().values()).isDeepEqualTo(new float[][] {{1, 2, 3, 4}, {5, 6, 7, 8}});
        assertThat(request.rows().vectorName()).isEqualTo("pixels");
        assertThat(request.rows().cells()).isDeepEqualTo(new String[2][0]);
    }

    static Stream<Arguments> badRequests() {
        return Stream.of(
                bad("{}", "inputs: expected an array of tensors, was nothing"),
                bad("{'inputs':{}}", "inputs: expected an array of tensors, was an object"),
                bad(
                        "{'inputs':[]}",
                        "inputs: missing \"age\", \"workclass\"; model adult/3 needs \"age\", \"workclass\""),
                bad("{'inputs':[" + AGE + "]}", "inputs: missing \"workclass\""),
                bad("{'inputs':[7]}", "inputs[0]: expected a tensor object, was 7"),
                bad("{'id':7,'inputs':[" + AGE + "," + WORK + "]}", "id: expected a text, was 7"),
                bad("{'inputs':[" + AGE + "," + AGE + "]}", "inputs[1].name: \"age\" is given twice"),
                bad(
                        tensor("'name':'aeg','shape':[1],'datatype':'FP32','data':[1]"),
                        "inputs[0].name: model adult/3 has no input the text \"aeg\"; did you mean \"age\"? known are"
                                + " \"age\", \"workclass\""),
                bad(tensor("'shape':[1],'datatype':'FP32','data':[1]"), "inputs[0].name", "nothing"),
                bad(
                        tensor("'name':'age','shape':[2,3],'datatype':'FP32','data':[1,2,3,4,5,6]"),
                        "inputs[0] (age).shape: expected [-1] or [-1,1], was [2,3]"),
                bad(tensor("'name':'age','shape':[-1],'datatype':'FP32','data':[1]"), "shape: expected", "[-1]"),
                bad(tensor("'name':'age','shape':[1.5],'datatype':'FP32','data':[1]"), "shape: expected", "[1.5]"),
                bad(tensor("'name':'age','shape':'2','datatype':'FP32','data':[1]"), "shape: expected", "\"2\""),
                bad(tensor("'name':'age','datatype':'FP32','data':[1]"), "shape: expected", "nothing"),
                bad(tensor("'name':'age','shape':[],'datatype':'FP32','data':[1]"), "shape: expected", "[]"),
                bad(
                        tensor("'name':'age','shape':[4294967297],'datatype':'FP32','data':[1]"),
                        "shape: expected",
                        "4294967297"),
                bad(
                        tensor("'name':'age','shape':[1,4294967297],'datatype':'FP32','data':[1]"),
                        "shape: expected",
                        "4294967297"),
                bad(
                        tensor("'name':'age','shape':[2000000000],'datatype':'FP32','data':[1]"),
                        "data: expected 2000000000 elements for shape [2000000000], was 1"),
                bad(
                        tensor("'name':'age','shape':[0],'datatype':'FP32','data':[]"),
                        "inputs[0] (age).shape: expected at least 1 row, was an empty batch"),
                bad(
                        tensor("'name':'age','shape':[2],'datatype':'BYTES','data':['1','2']"),
                        "inputs[0] (age).datatype: expected FP64 or another numeric datatype, was BYTES"),
                bad(
                        tensor("'name':'workclass','shape':[1],'datatype':'FP32','data':[1]"),
                        "inputs[0] (workclass).datatype: expected BYTES, was FP32"),
                bad(
                        tensor("'name':'age','shape':[1],'datatype':'fp32','data':[1]"),
                        "(in capitals), was the text \"fp32\""),
                bad(tensor("'name':'age','shape':[1],'data':[1]"), "datatype: expected", "nothing"),
                bad(
                        tensor("'name':'age','shape':[3],'datatype':'FP32','data':[1,2]"),
                        "inputs[0] (age).data: expected 3 elements for shape [3], was 2"),
                bad(
                        tensor("'name':'age','shape':[2,1],'datatype':'FP32','data':[[1],[2,3]]"),
                        "inputs[0] (age).data[1]: expected an array of 1 for shape [2,1], was an array of 2"),
                bad(tensor("'name':'age','shape':[1],'datatype':'FP32'"), "data: expected an array, was nothing"),
                bad(
                        tensor("'name':'age','shape':[1],'datatype':'FP32','parameters':{'binary_data_size':4}"),
                        "4 bytes, but 0 are left behind the JSON; is the header Inference-Header-Content-Length set?"),
                bad(
                        "{'inputs':[" + AGE + ",{'name':'workclass','shape':[1],'datatype':'BYTES','data':['x']}]}",
                        "inputs[1] (workclass).shape: expected 2 rows as in \"age\", was 1"),
                bad(
                        "{'inputs':[{'name':'age','shape':[2],'datatype':'FP32','data':[1,'x']}," + WORK + "]}",
                        "inputs[0] (age).data[1]: expected a value of FP32, was the text \"x\""),
                bad(
                        "{'inputs':[{'name':'age','shape':[2],'datatype':'FP32','data':[1,1e39]}," + WORK + "]}",
                        "data[1]"),
                bad(
                        "{'inputs':[{'name':'age','shape':[2],'datatype':'FP64','data':[1,1e999]}," + WORK + "]}",
                        "data[1]"),
                bad(
                        "{'inputs':[{'name':'age','shape':[2],'datatype':'UINT8','data':[1,256]}," + WORK + "]}",
                        "data[1]"),
                bad("{'inputs':[{'name':'age','shape':[2],'datatype':'UINT8','data':[1,-1]}," + WORK + "]}", "data[1]"),
                bad("{'inputs':[{'name':'age','shape':[2],'datatype':'INT8','data':[1,1.5]}," + WORK + "]}", "data[1]"),
                bad(
                        "{'inputs':[{'name':'age','shape':[2],'datatype':'INT64','data':[1,9223372036854775808]},"
                                + WORK + "]}",
                        "data[1]"),
                bad("{'inputs':[{'name':'age','shape':[2],'datatype':'BOOL','data':[1,2]}," + WORK + "]}", "data[1]"),
                bad("{'inputs':[{'name':'age','shape':[2],'datatype':'FP32','data':[1,true]}," + WORK + "]}", "true"),
                bad(
                        "{'inputs':[" + AGE + ",{'name':'workclass','shape':[2],'datatype':'BYTES','data':['x',7]}]}",
                        "inputs[1] (workclass).data[1]: expected a value of BYTES, was 7"),
                bad(
                        "{'inputs':[" + AGE + "," + WORK + "],'outputs':[{'name':'probability'}]}",
                        "outputs[0].name: model adult/3 has no output the text \"probability\"; did you mean"
                                + " \"probabilities\"?"),
                bad(
                        "{'inputs':[" + AGE + "," + WORK + "],'outputs':[{'name':'label'},{'name':'label'}]}",
                        "outputs[1].name: \"label\" is asked for twice"),
                bad("{'inputs':[" + AGE + "," + WORK + "],'outputs':['label']}", "outputs[0].name"),
                bad("{'inputs':[" + AGE + "," + WORK + "],'outputs':{}}", "outputs: expected an array"));
    }

    private static String tensor(String fields) {
        return "{'inputs':[{" + fields + "}]}";
    }

    private static Arguments bad(String body, String... parts) {
        return Arguments.of(body, List.of(parts));
    }

    @ParameterizedTest
    @MethodSource("badRequests")
    void refusesNamingPlaceExpectedAndActual(String body, List<String> parts) {
        assertThatThrownBy(() -> decode(body, Samples.adult()))
                .isInstanceOf(BadInputException.class)
                .message()
                .contains(parts.toArray(String[]::new));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[2,3] | [1,2,3,4,5,6] | (pixels).shape: expected [-1,4], was [2,3]",
                "[4]   | [1,2,3,4]     | (pixels).shape: expected [-1,4], was [4]",
                "[1,4] | [1,2,3,null]  | (pixels).data[3]: expected a value of FP64, was null",
                "[1,4] | [1,2,3,1e39]  | (pixels).data[3]: expected a number in the range of FP32",
            })
    void refusesVectorsThatDoNotFit(String shape, String data, String message) {
        assertThatThrownBy(() -> decode(
                        "{'inputs':[{'name':'pixels','shape':" + shape + ",'datatype':'FP64','data':" + data + "}]}",
                        Samples.pixels()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"{'a':1,'a':2}", "{'a':1} x", "[1]", "7", "{'a':NaN}", "{", "''"})
    void refusesBodiesThatAreNotOneJsonObject(String body) {
        assertThatThrownBy(() -> json(body == null ? "" : body))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith("body: ");
    }
}
