package dev.sampo.serving.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.cluster.http.HttpReply;
import dev.sampo.cluster.http.HttpServer;
import dev.sampo.serving.MemoryModels;
import dev.sampo.serving.Samples;
import dev.sampo.serving.Settings;
import dev.sampo.serving.json.Json;
import dev.sampo.serving.prediction.Serving;
import dev.sampo.serving.prediction.ServingClient;
import dev.sampo.serving.prediction.ServingSettings;
import dev.sampo.serving.registry.ModelInfo;
import dev.sampo.serving.registry.ModelKey;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The handler behind a real server on loopback, asked by the JDK's own client. */
class InferenceHandlerTest {
    private static final ActorTestKit KIT = ActorTestKit.create(Settings.config(""));
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final String ROOMS =
            "{'id':'7','inputs':[{'name':'rooms','shape':[2],'datatype':'FP64','data':[1.5,2]}]}";
    private static String base;

    private record Reply(int status, ObjectNode body, HttpResponse<byte[]> raw) {}

    @BeforeAll
    static void start() {
        ServingSettings settings = Settings.settings("sampo.serving.http.body-size-max = 10KiB");
        MemoryModels models = new MemoryModels()
                .with(
                        Samples.house(),
                        Samples.info(
                                "house",
                                2,
                                Samples.NUMERIC,
                                Samples.house().inputs().get(0)),
                        Samples.adult(),
                        Samples.pixels(),
                        ModelInfo.damaged(new ModelKey("torn", 1), "model.json: no such file"));
        Serving.start(KIT.system(), models, settings);
        base = bind(ServingClient.create(KIT.system(), settings), settings);
    }

    private static String bind(ServingClient client, ServingSettings settings) {
        InferenceHandler handler = new InferenceHandler(client, "0.1.0");
        HttpServer server = HttpServer.bind(
                "127.0.0.1",
                0,
                call -> Objects.requireNonNullElseGet(
                        handler.handle(call),
                        () -> CompletableFuture.completedFuture(HttpReply.error(404, "another's"))),
                new HttpServer.Limits((int) settings.bodySizeMaxBytes(), "send fewer rows", settings.bodyTimeout()),
                Runnable::run,
                null);
        return "http://127.0.0.1:" + server.port();
    }

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    private static Reply send(HttpRequest request) throws Exception {
        HttpResponse<byte[]> response = CLIENT.send(request, HttpResponse.BodyHandlers.ofByteArray());
        assertThat(response.headers().firstValue("content-type")).contains("application/json");
        return new Reply(response.statusCode(), Json.object(response.body()), response);
    }

    private static Reply get(String path) throws Exception {
        return send(HttpRequest.newBuilder(URI.create(base + path)).build());
    }

    private static Reply post(String path, String body) throws Exception {
        return send(HttpRequest.newBuilder(URI.create(base + path))
                .POST(HttpRequest.BodyPublishers.ofString(body.replace('\'', '"')))
                .build());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/v2 | {\"name\":\"sampo\",\"version\":\"0.1.0\",\"extensions\":[\"binary_tensor_data\"]}",
                "/v2/ | {\"name\":\"sampo\",\"version\":\"0.1.0\",\"extensions\":[\"binary_tensor_data\"]}",
                "/v2/health/live | {\"live\":true}",
                "/v2/health/ready | {\"live\":true,\"ready\":true}",
                "/v2/models/house/ready | {\"name\":\"house\",\"ready\":true}",
                "/v2/models/house/versions/1/ready | {\"name\":\"house\",\"ready\":true}",
                "/v1/models/house | {\"name\":\"house\",\"ready\":true}",
                "/v1/models | {\"models\":[\"adult\",\"house\",\"pixels\",\"torn\"]}",
            })
    void tellsOfItselfAndItsModels(String path, String body) throws Exception {
        Reply reply = get(path);
        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.body()).hasToString(body);
    }

    @Test
    void describesAModelAndAVersion() throws Exception {
        assertThat(get("/v2/models/house").body())
                .hasToString("{\"name\":\"house\",\"versions\":[\"1\",\"2\"],\"platform\":\"sampo_v1\","
                        + "\"inputs\":[{\"name\":\"rooms\",\"datatype\":\"FP64\",\"shape\":[-1]}],"
                        + "\"outputs\":[{\"name\":\"value\",\"datatype\":\"FP32\",\"shape\":[-1]}]}");
        assertThat(get("/v2/models/house/versions/1").status()).isEqualTo(200);
    }

    @Test
    void infers() throws Exception {
        Reply newest = post("/v2/models/house/infer", ROOMS);
        assertThat(newest.status()).isEqualTo(200);
        assertThat(newest.body())
                .hasToString("{\"model_name\":\"house\",\"model_version\":\"2\",\"id\":\"7\",\"outputs\":[{\"name\":"
                        + "\"value\",\"shape\":[2],\"datatype\":\"FP32\",\"data\":[3.0,4.0]}]}");
        assertThat(post("/v2/models/house/versions/1/infer", ROOMS).body().at("/outputs/0/data"))
                .hasToString("[1.5,2.0]");
    }

    @Test
    void predictsPlainInstances() throws Exception {
        assertThat(post("/v1/models/house:predict", "{'instances':[{'rooms':2},{'rooms':3.5}]}")
                        .body())
                .hasToString("{\"predictions\":[{\"value\":4.0},{\"value\":7.0}]}");
        assertThat(post("/v1/models/pixels:predict", "{'instances':[[0.5,0,0,0]]}")
                        .body()
                        .at("/predictions/0/label")
                        .asText())
                .isEqualTo("0");
    }

    /** Triton's extension: JSON of the header's length, then the tensors' bytes, both ways. */
    @Test
    void infersFromAndToBinaryTensors() throws Exception {
        byte[] json =
                ("{'parameters':{'binary_data_output':true},'inputs':[{'name':'rooms','shape':[2],'datatype':'FP32',"
                                + "'parameters':{'binary_data_size':8}}]}")
                        .replace('\'', '"')
                        .getBytes(UTF_8);
        ByteBuffer body = ByteBuffer.allocate(json.length + 8).order(ByteOrder.LITTLE_ENDIAN);
        body.put(json).putFloat(1.5f).putFloat(2);

        HttpResponse<byte[]> response = postBinary(body.array(), Integer.toString(json.length));

        assertThat(response.statusCode()).as(new String(response.body(), UTF_8)).isEqualTo(200);
        assertThat(response.headers().firstValue("content-type")).contains("application/octet-stream");
        int length = Integer.parseInt(
                response.headers().firstValue("inference-header-content-length").orElseThrow());
        assertThat(new String(response.body(), 0, length, UTF_8))
                .isEqualTo("{\"model_name\":\"house\",\"model_version\":\"2\",\"outputs\":[{\"name\":\"value\","
                        + "\"shape\":[2],\"datatype\":\"FP32\",\"parameters\":{\"binary_data_size\":8}}]}");
        ByteBuffer values = ByteBuffer.wrap(response.body(), length, 8).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(values.getFloat()).isEqualTo(3);
        assertThat(values.getFloat()).isEqualTo(4);
        assertThat(response.body()).hasSize(length + 8);

        assertThat(new String(postBinary(body.array(), "x").body(), UTF_8))
                .contains("Inference-Header-Content-Length: expected a whole number from 0, was \\\"x\\\"");
        assertThat(new String(postBinary(body.array(), "9999").body(), UTF_8))
                .contains("Inference-Header-Content-Length: expected 0 to " + body.capacity());
    }

    private static HttpResponse<byte[]> postBinary(byte[] body, String jsonLength) throws Exception {
        return CLIENT.send(
                HttpRequest.newBuilder(URI.create(base + "/v2/models/house/infer"))
                        .header("Inference-Header-Content-Length", jsonLength)
                        .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                        .build(),
                HttpResponse.BodyHandlers.ofByteArray());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/v2/models/home/infer | 404 | no model \"home\" in the registry; there are [adult, house",
                "/v2/models/house/versions/9/infer | 404 | model \"house\" has no version 9; its versions are [1, 2]",
                "/v2/models/house/versions/latest/infer | 400 | version: expected a whole number from 1",
                "/v2/models/torn/infer | 503 | model torn/1 is damaged: model.json: no such file",
                "/v2/models/adult/infer | 400 | inputs[0].name: model adult/3 has no input the text \"rooms\"",
                "/v2/models/pixels/infer | 400 | known are \"pixels\"",
                "/v2/models/house/infre | 404 | no such path",
                "/v2/nothing | 404 | no such path",
                "/v2 | 405 | method: expected GET, was POST",
            })
    void refusesWithTheReason(String path, int status, String reason) throws Exception {
        Reply reply = post(path, ROOMS);
        assertThat(reply.body().at("/error").asText()).contains(reason);
        assertThat(reply.status()).isEqualTo(status);
    }

    @Test
    void refusesWrongMethodsBodiesAndSizes() throws Exception {
        Reply method = get("/v2/models/house/infer");
        assertThat(method.status()).isEqualTo(405);
        assertThat(method.raw().headers().firstValue("allow")).contains("POST");
        assertThat(get("/v2/models/torn").status()).isEqualTo(503);
        assertThat(get("/v2/models/torn/ready").status()).isEqualTo(503);
        assertThat(post("/v2/models/house/infer", "{'inputs'")
                        .body()
                        .at("/error")
                        .asText())
                .startsWith("body: not JSON at line 1, column ");
        Reply large = post("/v2/models/house/infer", " ".repeat(10_241));
        assertThat(large.status()).isEqualTo(413);
        assertThat(large.body().at("/error").asText()).startsWith("body: larger than 10240 bytes");
        assertThat(post("/v2/models/house/infer", ROOMS).status()).isEqualTo(200);
    }

    @Test
    void refusesALargeBodyOfUnknownLength() throws Exception {
        Reply reply = send(HttpRequest.newBuilder(URI.create(base + "/v2/models/house/infer"))
                .POST(HttpRequest.BodyPublishers.ofInputStream(
                        () -> new java.io.ByteArrayInputStream(new byte[20_000])))
                .build());
        assertThat(reply.status()).isEqualTo(413);
    }

    @Test
    void leavesOtherPathsToOthers() throws Exception {
        HttpResponse<String> response = CLIENT.send(
                HttpRequest.newBuilder(URI.create(base + "/api/jobs")).build(), HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(response.body()).isEqualTo("{\"error\":\"another's\"}\n");
    }

    @Test
    void saysSoWhenNobodyServes() throws Exception {
        ActorTestKit alone = ActorTestKit.create("alone", Settings.config(""));
        String before = base;
        try {
            ServingSettings settings = Settings.settings("");
            base = bind(ServingClient.create(alone.system(), settings), settings);
            assertThat(get("/v2/health/live").status()).isEqualTo(200);
            Reply ready = get("/v2/health/ready");
            assertThat(ready.status()).isEqualTo(503);
            assertThat(ready.body().at("/ready").asBoolean()).isFalse();
            Reply infer = post("/v2/models/house/infer", ROOMS);
            assertThat(infer.status()).isEqualTo(503);
            assertThat(infer.body().at("/error").asText()).startsWith("no node with role serving");
        } finally {
            base = before;
            alone.shutdownTestKit();
        }
    }
}
