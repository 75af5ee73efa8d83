package dev.sampo.serving.http;

import dev.sampo.cluster.http.HttpCall;
import dev.sampo.cluster.http.HttpReply;
import dev.sampo.serving.json.Json;
import dev.sampo.serving.prediction.ServingClient;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Inference over HTTP: the Open Inference Protocol V2 under {@code /v2}, and the plain form
 * {@code POST /v1/models/{m}:predict}. Every answer is JSON, with the
 * binary tensors behind it that were asked for (Triton's binary tensor data extension); errors are {@code {"error": reason}}.
 */
public final class InferenceHandler {
    private static final String JSON_LENGTH = "Inference-Header-Content-Length";

    private final InferenceService service;

    /** @param version of Sampo, for the server's metadata */
    public InferenceHandler(ServingClient client, String version) {
        service = new InferenceService(client, version);
    }

    /** Null if the path is none of inference, so this can stand beside others. */
    public @Nullable CompletionStage<HttpReply> handle(HttpCall call) {
        Optional<InferenceCall> wanted = InferenceCall.of(call.path());
        if (wanted.isEmpty()) {
            return null;
        }
        String expected = wanted.get().operation().method();
        if (wanted.get().operation() != InferenceCall.Operation.UNKNOWN && !call.is(expected)) {
            return CompletableFuture.completedFuture(HttpReply.wrongMethod(expected, call.method()));
        }
        return service.answer(
                        wanted.get(), call.body(), call.header(JSON_LENGTH).orElse(null))
                .thenApply(InferenceHandler::reply);
    }

    private static HttpReply reply(Answer answer) {
        byte[] json = Json.bytes(answer.body());
        if (answer.binary().length == 0) {
            return HttpReply.json(answer.status(), json);
        }
        byte[] both = Arrays.copyOf(json, json.length + answer.binary().length);
        System.arraycopy(answer.binary(), 0, both, json.length, answer.binary().length);
        return new HttpReply(
                answer.status(), "application/octet-stream", both, Map.of(JSON_LENGTH, Integer.toString(json.length)));
    }
}
