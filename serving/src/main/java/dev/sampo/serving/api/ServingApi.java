package dev.sampo.serving.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.cluster.api.ApiHandler;
import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.cluster.api.ApiResponse;
import dev.sampo.serving.json.BadInputException;
import dev.sampo.serving.json.Json;
import dev.sampo.serving.json.JsonRows;
import dev.sampo.serving.prediction.Described;
import dev.sampo.serving.prediction.Listed;
import dev.sampo.serving.prediction.ModelSource;
import dev.sampo.serving.prediction.Predicted;
import dev.sampo.serving.prediction.Refused;
import dev.sampo.serving.prediction.RowTable;
import dev.sampo.serving.prediction.ServingClient;
import dev.sampo.serving.registry.ModelInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The operations {@code models} and {@code predict}. Thread-safe. Without a serving node, models are listed from the
 * registry itself, and predictions are refused with 503.
 */
public final class ServingApi implements ApiHandler {
    private static final Logger LOG = LoggerFactory.getLogger(ServingApi.class);

    private final ServingClient client;
    private final ModelSource registry;

    public ServingApi(ServingClient client, ModelSource registry) {
        this.client = client;
        this.registry = registry;
    }

    @Override
    public CompletionStage<ApiResponse> handle(ApiRequest request) {
        CompletionStage<ApiResponse> response;
        try {
            ObjectNode body = Json.object(request.body().getBytes(StandardCharsets.UTF_8));
            response = switch (request.operation()) {
                case "models" -> models();
                case "predict" -> predict(body);
                default -> done(error(404, "operation: expected models or predict, was " + request.operation()));
            };
        } catch (RuntimeException e) {
            response = CompletableFuture.failedFuture(e);
        }
        return response.exceptionally(ServingApi::failed);
    }

    private CompletionStage<ApiResponse> models() {
        return client.models().thenCompose(reply -> {
            if (reply instanceof Listed listed) {
                return done(listing(listed.models()));
            }
            Refused refused = (Refused) reply;
            return refused.kind() == Refused.Kind.UNAVAILABLE
                    ? CompletableFuture.supplyAsync(() -> listingOfRegistry(refused), client.blocking())
                    : done(refused(refused));
        });
    }

    private ApiResponse listingOfRegistry(Refused refused) {
        try {
            return listing(registry.scan(Set.of()).found());
        } catch (IOException e) {
            return error(503, refused.reason() + "; and the model registry can't be read here: " + e.getMessage());
        }
    }

    private static ApiResponse listing(List<ModelInfo> models) {
        ObjectNode body = Json.object();
        ArrayNode list = body.putArray("models");
        for (ModelInfo model : models) {
            ObjectNode entry = list.addObject()
                    .put("name", model.name())
                    .put("version", model.version())
                    .put("created", model.created())
                    .put("job", model.job())
                    .put("weightsSha256", model.weightsSha256());
            ObjectNode metrics = entry.putObject("metrics");
            model.metrics().forEach(metrics::put);
            entry.put("state", model.state().name());
            if (!model.reason().isEmpty()) {
                entry.put("reason", model.reason());
            }
        }
        return ok(body);
    }

    private CompletionStage<ApiResponse> predict(ObjectNode body) {
        JsonNode name = body.path("model");
        if (!name.isTextual() || name.textValue().isEmpty()) {
            throw new BadInputException("model: expected a name, was " + (name.isMissingNode() ? "nothing" : name));
        }
        return client.describe(name.textValue(), version(body)).thenCompose(reply -> {
            if (!(reply instanceof Described described)) {
                return done(refused((Refused) reply));
            }
            ModelInfo model = described.model();
            if (model.state() == ModelInfo.State.DAMAGED) {
                return done(error(503, "model " + model.key() + " is damaged: " + model.reason()));
            }
            RowTable rows = body.has("instances") ? JsonRows.instances(body, model) : JsonRows.table(body, model);
            return client.predict(model, rows)
                    .thenApply(predicted -> predicted instanceof Predicted good
                            ? ok(answer(model, good))
                            : refused((Refused) predicted));
        });
    }

    private static ObjectNode answer(ModelInfo model, Predicted predicted) {
        ObjectNode answer = Json.object().put("model", predicted.model()).put("version", predicted.version());
        ArrayNode outputs = answer.putArray("outputs");
        if (model.classes().isEmpty()) {
            outputs.add("value");
        } else {
            model.classes().forEach(outputs::add);
        }
        answer.set("predictions", JsonRows.predictions(model, predicted));
        return answer;
    }

    private static @Nullable Integer version(ObjectNode body) {
        JsonNode version = body.path("version");
        if (version.isMissingNode() || version.isNull()) {
            return null;
        }
        if (!version.isInt() || version.intValue() < 1) {
            throw new BadInputException("version: expected a whole number from 1, was " + version);
        }
        return version.intValue();
    }

    private static ApiResponse refused(Refused refused) {
        return error(refused.kind().status(), refused.reason());
    }

    private static ApiResponse ok(ObjectNode body) {
        return new ApiResponse(200, Json.text(body));
    }

    private static ApiResponse error(int status, String reason) {
        return new ApiResponse(status, Json.text(Json.error(reason)));
    }

    private static CompletionStage<ApiResponse> done(ApiResponse response) {
        return CompletableFuture.completedFuture(response);
    }

    private static ApiResponse failed(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof BadInputException) {
            return error(400, String.valueOf(cause.getMessage()));
        }
        LOG.error("a model request failed by a fault of Sampo", cause);
        return error(500, "internal fault: " + cause);
    }
}
