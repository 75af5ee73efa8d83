package dev.sampo.serving.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.serving.json.BadInputException;
import dev.sampo.serving.json.InferRequest;
import dev.sampo.serving.json.InferResponse;
import dev.sampo.serving.json.Json;
import dev.sampo.serving.json.JsonRows;
import dev.sampo.serving.prediction.Described;
import dev.sampo.serving.prediction.Listed;
import dev.sampo.serving.prediction.Predicted;
import dev.sampo.serving.prediction.Refused;
import dev.sampo.serving.prediction.RowTable;
import dev.sampo.serving.prediction.ServingClient;
import dev.sampo.serving.registry.ModelInfo;
import dev.sampo.serving.registry.ModelInfo.State;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers inference calls by asking the serving nodes; knows nothing of the HTTP library. Thread-safe. */
final class InferenceService {
    private static final Logger LOG = LoggerFactory.getLogger(InferenceService.class);

    private final ServingClient client;
    private final String version;

    InferenceService(ServingClient client, String version) {
        this.client = client;
        this.version = version;
    }

    /**
     * The answer, an error too; the stage doesn't fail.
     *
     * @param jsonLength the header {@code Inference-Header-Content-Length}: bytes of the body before binary tensors
     */
    CompletionStage<Answer> answer(InferenceCall call, byte[] body, @Nullable String jsonLength) {
        CompletionStage<Answer> answer;
        try {
            answer = dispatch(call, body, jsonLength);
        } catch (RuntimeException e) {
            answer = CompletableFuture.failedFuture(e);
        }
        return answer.exceptionally(InferenceService::failed);
    }

    private CompletionStage<Answer> dispatch(InferenceCall call, byte[] body, @Nullable String jsonLength) {
        return switch (call.operation()) {
            case SERVER_METADATA -> CompletableFuture.completedFuture(Answer.ok(serverMetadata()));
            case SERVER_LIVE ->
                CompletableFuture.completedFuture(Answer.ok(Json.object().put("live", true)));
            case SERVER_READY -> serverReady();
            case MODEL_METADATA ->
                described(call, (model, versions) -> done(Answer.ok(InferResponse.metadata(model, versions))));
            case MODEL_READY, STATUS -> modelReady(call);
            case INFER -> infer(call, body, jsonLength);
            case LIST -> list();
            case PREDICT -> predict(call, body);
            case UNKNOWN ->
                CompletableFuture.completedFuture(Answer.error(
                        404, "no such path; see GET /v2, /v2/models/{model}, POST /v2/models/{model}/infer"));
        };
    }

    private ObjectNode serverMetadata() {
        ObjectNode metadata = Json.object().put("name", "sampo").put("version", version);
        metadata.putArray("extensions").add("binary_tensor_data");
        return metadata;
    }

    private CompletionStage<Answer> serverReady() {
        return client.models().thenApply(reply -> {
            boolean ready = reply instanceof Listed listed && isReady(listed.models());
            ObjectNode body = Json.object().put("live", true).put("ready", ready);
            if (reply instanceof Refused refused) {
                body.put("error", refused.reason());
            }
            return Answer.of(ready ? 200 : 503, body);
        });
    }

    /** Ready once no model waits for its only version to be loaded. */
    private static boolean isReady(List<ModelInfo> models) {
        return models.stream()
                .filter(model -> model.state() == State.LOADING)
                .allMatch(loading -> models.stream()
                        .anyMatch(other -> other.name().equals(loading.name()) && other.state() == State.READY));
    }

    private CompletionStage<Answer> modelReady(InferenceCall call) {
        return described(call, (model, versions) -> {
            // A version that isn't loaded yet is loaded by the first request, so it is ready to be asked.
            boolean ready = model.state() == State.READY || model.state() == State.AVAILABLE;
            ObjectNode body = Json.object().put("name", model.name()).put("ready", ready);
            if (!model.reason().isEmpty()) {
                body.put("error", model.reason());
            }
            return done(Answer.of(ready ? 200 : 503, body));
        });
    }

    private CompletionStage<Answer> infer(InferenceCall call, byte[] body, @Nullable String jsonLength) {
        int json = jsonLength == null ? body.length : length(jsonLength);
        return sound(call, model -> {
            InferRequest request = InferRequest.read(body, json, model);
            return predicted(model, request.rows(), predicted -> {
                InferResponse.Encoded encoded = InferResponse.encode(model, predicted, request);
                return new Answer(200, encoded.json(), encoded.binary());
            });
        });
    }

    private static int length(String text) {
        if (!text.matches("[0-9]{1,9}")) {
            throw new BadInputException(
                    "Inference-Header-Content-Length: expected a whole number from 0, was \"" + text + "\"");
        }
        return Integer.parseInt(text);
    }

    private CompletionStage<Answer> predict(InferenceCall call, byte[] body) {
        ObjectNode request = Json.object(body);
        return sound(
                call,
                model -> predicted(
                        model,
                        JsonRows.instances(request, model),
                        predicted ->
                                Answer.ok(Json.object().set("predictions", JsonRows.predictions(model, predicted)))));
    }

    private CompletionStage<Answer> list() {
        return client.models().thenApply(reply -> {
            if (!(reply instanceof Listed listed)) {
                return refused((Refused) reply);
            }
            ObjectNode body = Json.object();
            ArrayNode names = body.putArray("models");
            listed.models().stream().map(ModelInfo::name).distinct().forEach(names::add);
            return Answer.ok(body);
        });
    }

    private CompletionStage<Answer> described(
            InferenceCall call, BiFunction<ModelInfo, List<Integer>, CompletionStage<Answer>> then) {
        Integer number = versionNumber(call);
        return client.describe(call.model(), number).thenCompose(reply -> {
            if (reply instanceof Described described) {
                boolean unreadable = described.model().target() == null;
                return unreadable
                        ? done(damaged(described.model()))
                        : then.apply(described.model(), described.versions());
            }
            return done(refused((Refused) reply));
        });
    }

    private CompletionStage<Answer> sound(InferenceCall call, Function<ModelInfo, CompletionStage<Answer>> then) {
        return described(
                call, (model, versions) -> model.state() == State.DAMAGED ? done(damaged(model)) : then.apply(model));
    }

    private CompletionStage<Answer> predicted(ModelInfo model, RowTable rows, Function<Predicted, Answer> encode) {
        return client.predict(model, rows)
                .thenApply(reply ->
                        reply instanceof Predicted predicted ? encode.apply(predicted) : refused((Refused) reply));
    }

    private static @Nullable Integer versionNumber(InferenceCall call) {
        String text = call.version();
        if (text == null) {
            return null;
        }
        if (!text.matches("[1-9][0-9]{0,8}")) {
            throw new BadInputException("version: expected a whole number from 1, was \"" + text + "\"");
        }
        return Integer.valueOf(text);
    }

    private static Answer damaged(ModelInfo model) {
        return Answer.error(503, "model " + model.key() + " is damaged: " + model.reason());
    }

    private static Answer refused(Refused refused) {
        return Answer.error(refused.kind().status(), refused.reason());
    }

    private static CompletionStage<Answer> done(Answer answer) {
        return CompletableFuture.completedFuture(answer);
    }

    private static Answer failed(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof BadInputException) {
            return Answer.error(400, String.valueOf(cause.getMessage()));
        }
        LOG.error("an inference request failed by a fault of Sampo", cause);
        return Answer.error(500, "internal fault: " + cause);
    }
}
