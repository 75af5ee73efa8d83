package dev.sampo.serving.http;

import dev.sampo.serving.json.Json;
import dev.sampo.serving.prediction.ServingClient;
import dev.sampo.serving.prediction.ServingSettings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.Allow;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.http.scaladsl.model.EntityStreamSizeException;
import org.apache.pekko.stream.Materializer;

/**
 * Inference over HTTP: the Open Inference Protocol V2 under {@code /v2}, and the plain form
 * {@code POST /v1/models/{m}:predict}. Every answer is JSON, with the
 * binary tensors behind it that were asked for (Triton's binary tensor data extension); errors are {@code {"error": reason}}.
 */
public final class InferenceRoutes extends AllDirectives {
    private static final String JSON_LENGTH = "Inference-Header-Content-Length";

    private final InferenceService service;
    private final ServingSettings settings;

    private InferenceRoutes(InferenceService service, ServingSettings settings) {
        this.service = service;
        this.settings = settings;
    }

    /**
     * The route; it rejects paths that aren't its own, so it can stand beside others.
     *
     * @param version of Sampo, for the server's metadata
     */
    public static Route routes(ServingClient client, ServingSettings settings, String version) {
        return new InferenceRoutes(new InferenceService(client, version), settings).route();
    }

    private Route route() {
        return extractMaterializer(materializer -> extractRequest(request -> {
            List<String> segments = new ArrayList<>();
            request.getUri().pathSegments().forEach(segments::add);
            Optional<InferenceCall> call = InferenceCall.of(segments);
            return call.isEmpty() ? reject() : completeWithFuture(respond(call.get(), request, materializer));
        }));
    }

    private CompletionStage<HttpResponse> respond(InferenceCall call, HttpRequest request, Materializer materializer) {
        String expected = call.operation().method();
        String method = request.method().value();
        boolean fits = method.equals(expected) || (method.equals("HEAD") && expected.equals("GET"));
        if (call.operation() != InferenceCall.Operation.UNKNOWN && !fits) {
            request.discardEntityBytes(materializer);
            Answer refused = Answer.error(405, "method: expected " + expected + ", was " + method);
            return CompletableFuture.completedFuture(response(refused)
                    .addHeader(Allow.create(expected.equals("GET") ? HttpMethods.GET : HttpMethods.POST)));
        }
        return request.entity()
                .withSizeLimit(settings.bodySizeMaxBytes())
                .toStrict(settings.bodyTimeout().toMillis(), materializer)
                .thenCompose(strict -> service.answer(
                        call,
                        strict.getData().toArray(),
                        request.getHeader(JSON_LENGTH).map(HttpHeader::value).orElse(null)))
                .exceptionally(this::unread)
                .thenApply(InferenceRoutes::response);
    }

    private Answer unread(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof EntityStreamSizeException) {
            return Answer.error(
                    413,
                    "body: larger than " + settings.bodySizeMaxBytes()
                            + " bytes; send fewer rows, or raise sampo.serving.http.body-size-max");
        }
        if (cause instanceof TimeoutException) {
            return Answer.error(
                    408, "body: not complete within " + settings.bodyTimeout().toMillis() + " ms");
        }
        return Answer.error(400, "body: can't be read: " + cause);
    }

    private static HttpResponse response(Answer answer) {
        byte[] json = Json.bytes(answer.body());
        HttpResponse response = HttpResponse.create().withStatus(answer.status());
        if (answer.binary().length == 0) {
            return response.withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, json));
        }
        byte[] both = Arrays.copyOf(json, json.length + answer.binary().length);
        System.arraycopy(answer.binary(), 0, both, json.length, answer.binary().length);
        return response.withEntity(HttpEntities.create(ContentTypes.APPLICATION_OCTET_STREAM, both))
                .addHeader(RawHeader.create(JSON_LENGTH, Integer.toString(json.length)));
    }
}
