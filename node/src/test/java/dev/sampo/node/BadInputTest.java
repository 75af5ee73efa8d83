package dev.sampo.node;

import static dev.sampo.node.TestCluster.JSON;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.cluster.api.ApiResponse;
import dev.sampo.node.client.JobClient;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bad specs and bad data, each on a running cluster: the message names place and reason, and the next job is served. */
class BadInputTest {
    @TempDir
    private static Path home;

    private static TestCluster cluster;
    private static JobClient client;

    @BeforeAll
    static void start() {
        cluster = TestCluster.of(home, 1);
        client = cluster.client();
    }

    @AfterAll
    static void stop() {
        client.close();
        cluster.close();
    }

    private static ObjectNode spec() throws Exception {
        return TestCluster.spec("bad", TestCluster.rows(home));
    }

    private static ObjectNode with(String data, Path file) throws Exception {
        ObjectNode spec = spec();
        spec.withObject("/data").put(data, file.toString());
        return spec;
    }

    private static String reason(ObjectNode spec) throws Exception {
        JsonNode view = TestCluster.train(client, spec);
        assertThat(view.path("state").asText()).as(view.toString()).isEqualTo("failed");
        return view.path("reason").asText();
    }

    private static String csv(String name, String text) throws Exception {
        return reason(with("train", Files.writeString(home.resolve(name), text)));
    }

    private static ApiResponse submit(ObjectNode spec) throws Exception {
        return client.call(new ApiRequest(
                "submit", JSON.createObjectNode().<ObjectNode>set("spec", spec).toString()));
    }

    @Test
    void aMissingFile() throws Exception {
        assertThat(reason(with("train", home.resolve("nowhere.csv"))))
                .contains("data.train")
                .contains("nowhere.csv");
    }

    @Test
    void aFolderOrGlobWithoutMatches() throws Exception {
        Path empty = Files.createDirectories(home.resolve("empty"));
        assertThat(reason(with("train", empty))).contains("data.train: the folder " + empty + " has no");
        assertThat(reason(with("train", home.resolve("part-*.csv")))).contains("no file matches");
    }

    @Test
    void anEmptyFile() throws Exception {
        assertThat(csv("empty.csv", "")).contains("empty.csv is empty");
        assertThat(csv("header.csv", "a,b,color,y\n")).contains("header.csv: not one record");
    }

    @Test
    void aRaggedRow() throws Exception {
        assertThat(csv("ragged.csv", "a,b,color,y\n1,2,red,yes\n1,2,red\n"))
                .contains("ragged.csv, line 3")
                .contains("expected 4 fields, found 3")
                .contains("onBadRecord");
    }

    @Test
    void textWhereANumberIsMeant() throws Exception {
        assertThat(csv("text.csv", "a,b,color,y\n1,2,red,yes\n1,two,red,no\n"))
                .contains("text.csv, line 3")
                .contains("column b")
                .contains("two");
    }

    @Test
    void notANumberInTheData() throws Exception {
        assertThat(csv("nan.csv", "a,b,color,y\n1,2,red,yes\nNaN,2,red,no\n"))
                .contains("nan.csv, line 3")
                .contains("column a");
    }

    @Test
    void aLabelThatTrainingNeverSaw() throws Exception {
        ObjectNode spec = with("validation", Files.writeString(home.resolve("v.csv"), "a,b,color,y\n1,2,red,maybe\n"));
        spec.withObject("/data").remove("validationFraction");
        assertThat(reason(spec)).contains("v.csv, line 2").contains("maybe");
    }

    @Test
    void libsvmIndexZeroUnderBaseOne() throws Exception {
        ObjectNode spec = with("train", Files.writeString(home.resolve("zero.svm"), "1 1:1\n0 0:1 2:1\n"));
        ObjectNode data = spec.withObject("/data");
        data.putObject("format").put("type", "libsvm").put("indexBase", 1);
        data.putObject("label").put("type", "binary").put("positive", "1");
        spec.remove("features");
        assertThat(reason(spec))
                .contains("zero.svm, line 2")
                .contains("index 0")
                .contains("indexBase: 0");
    }

    @Test
    void aGzipFileCutShort() throws Exception {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(Files.readString(TestCluster.rows(home)).getBytes(StandardCharsets.UTF_8));
        }
        byte[] half = Arrays.copyOf(packed.toByteArray(), packed.size() / 2);
        assertThat(reason(with("train", Files.write(home.resolve("half.csv.gz"), half))))
                .contains("half.csv.gz")
                .contains("truncated");
    }

    @Test
    void badRecordsAreSkippedUpToTheMaximumOverAllData() throws Exception {
        String rows = Files.readString(TestCluster.rows(home));
        Path train = Files.writeString(home.resolve("t2.csv"), rows + "1,2\n3,4\n");
        Path validation = Files.writeString(home.resolve("v2.csv"), rows + "x,2,red,yes\n");
        ObjectNode spec = with("train", train);
        spec.withObject("/data").put("validation", validation.toString()).remove("validationFraction");
        spec.putObject("onBadRecord").put("action", "skip").put("max", 2);
        assertThat(reason(spec)).contains("more than onBadRecord.max = 2").contains("v2.csv, line 1015");
        spec.withObject("/onBadRecord").put("max", 3);
        JsonNode view = TestCluster.train(client, spec);
        assertThat(view.path("state").asText()).as(view.toString()).isEqualTo("done");
        assertThat(view.path("badRecords").asInt()).isEqualTo(3);
        assertThat(view.path("rowsApplied").asLong()).isEqualTo(4 * 1013);
    }

    @Test
    void aSpecsFaultsAreToldAtOnce() throws Exception {
        ObjectNode spec = spec();
        spec.withObject("/training").put("batchSize", -1).put("epoch", 3);
        ApiResponse refused = submit(spec);
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.body())
                .contains("training.batchSize: must be ≥ 1, was -1")
                .contains("training.epoch: unknown key, did you mean epochs?");
    }

    @Test
    void aLossThatDivergesNamesStepAndAdvice() throws Exception {
        ObjectNode spec = spec();
        spec.withObject("/training").remove("gradientClipping");
        spec.withObject("/training").putObject("optimizer").put("type", "sgd").put("learningRate", 1e30);
        assertThat(reason(spec)).contains("diverged at step").contains("learningRate");
    }
}
