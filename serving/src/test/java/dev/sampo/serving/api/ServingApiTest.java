package dev.sampo.serving.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.cluster.api.ApiResponse;
import dev.sampo.serving.MemoryModels;
import dev.sampo.serving.Samples;
import dev.sampo.serving.Settings;
import dev.sampo.serving.prediction.Serving;
import dev.sampo.serving.prediction.ServingClient;
import dev.sampo.serving.prediction.ServingSettings;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServingApiTest {
    private final ActorTestKit kit = ActorTestKit.create(Settings.config(""));
    private final MemoryModels models = new MemoryModels().with(Samples.adult(), Samples.house(), Samples.pixels());
    private final ServingSettings settings = Settings.settings("");
    private final ServingApi api = new ServingApi(ServingClient.create(kit.system(), settings), models);

    @AfterEach
    void stop() {
        kit.shutdownTestKit();
    }

    private ApiResponse handle(String operation, String body) throws Exception {
        return api.handle(new ApiRequest(operation, body.replace('\'', '"')))
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
    }

    @Test
    void listsModels() throws Exception {
        Serving.start(kit.system(), models, settings);
        ApiResponse response = handle("models", "{}");
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.body())
                .startsWith("{\"models\":[{\"name\":\"adult\",\"version\":3,\"created\":\"2026-11-01T00:00:00Z\","
                        + "\"job\":\"job-1\",\"weightsSha256\":\"ab12\",\"metrics\":{\"accuracy\":0.5},\"state\":\"");
    }

    @Test
    void withoutAServingNodeListsTheRegistryAndRefusesToPredict() throws Exception {
        assertThat(handle("models", "{}").body()).contains("\"name\":\"house\"", "\"state\":\"AVAILABLE\"");
        models.scanFailure = "stale file handle";
        assertThat(handle("models", "{}").body())
                .contains("no node with role serving", "can't be read here: stale file handle");
        ApiResponse response = handle("predict", "{'model':'house','columns':['rooms'],'rows':[[1]]}");
        assertThat(response.status()).isEqualTo(503);
        assertThat(response.body()).contains("no node with role serving");
    }

    @Test
    void predicts() throws Exception {
        Serving.start(kit.system(), models, settings);
        assertThat(handle("predict", "{'model':'house','version':1,'columns':['id','rooms'],'rows':[['x',2]]}")
                        .body())
                .isEqualTo("{\"model\":\"house\",\"version\":1,\"outputs\":[\"value\"],"
                        + "\"predictions\":[{\"value\":2.0}]}");
        assertThat(handle("predict", "{'model':'adult','columns':['age','workclass'],'rows':[[0.25,null]]}")
                        .body())
                .isEqualTo("{\"model\":\"adult\",\"version\":3,\"outputs\":[\"<=50K\",\">50K\"],\"predictions\":["
                        + "{\"label\":\"<=50K\",\"probabilities\":{\"<=50K\":0.25,\">50K\":0.75}}]}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "predict | {} | 400 | model: expected a name, was nothing",
                "predict | {'model':'house','version':0} | 400 | version: expected a whole number from 1, was 0",
                "predict | {'model':'house'} | 400 | columns: expected an array of at least 1, was nothing",
                "predict | {'model':'home'} | 404 | no model \\\"home\\\" in the registry",
                "predict | {'model' | 400 | body: not JSON",
                "forget | {} | 404 | operation: expected models or predict, was forget",
            })
    void refusesWithTheReason(String operation, String body, int status, String reason) throws Exception {
        Serving.start(kit.system(), models, settings);
        ApiResponse response = handle(operation, body);
        assertThat(response.body()).contains(reason);
        assertThat(response.status()).isEqualTo(status);
    }
}
