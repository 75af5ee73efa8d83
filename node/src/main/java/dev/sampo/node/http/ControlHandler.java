package dev.sampo.node.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.cluster.api.ApiHandler;
import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.cluster.http.HttpCall;
import dev.sampo.cluster.http.HttpReply;
import dev.sampo.trainer.spec.SpecException;
import dev.sampo.trainer.spec.SpecText;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The control API over HTTP: {@code POST|GET /v1/jobs}, {@code GET /v1/jobs/ID}, {@code POST /v1/jobs/ID/cancel|pause|resume},
 * {@code GET /v1/nodes}, {@code GET /v1/models}, and {@code POST /v1/call/OPERATION} for clients of the same operations.
 */
final class ControlHandler {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ApiHandler api;

    ControlHandler(ApiHandler api) {
        this.api = api;
    }

    /** Null if the path is not one of these. */
    @Nullable CompletionStage<HttpReply> handle(HttpCall call) {
        List<String> path = call.path();
        if (path.size() < 2 || path.size() > 4 || !path.get(0).equals("v1")) {
            return null;
        }
        String first = path.get(1);
        return switch (path.size()) {
            case 2 ->
                switch (first) {
                    case "jobs" -> call.is("POST") ? submit(call) : only("GET", "GET, POST", call, "jobs", "{}");
                    case "nodes" -> only("GET", "GET", call, "nodes", "{}");
                    // What else may be done with models is no control.
                    case "models" -> call.is("GET") ? ask("models", "{}") : null;
                    default -> null;
                };
            case 3 ->
                switch (first) {
                    case "jobs" -> only("GET", "GET", call, "status", job(path.get(2)));
                    case "call" ->
                        only("POST", "POST", call, path.get(2), new String(call.body(), StandardCharsets.UTF_8));
                    default -> null;
                };
            default -> first.equals("jobs") ? only("POST", "POST", call, path.get(3), job(path.get(2))) : null;
        };
    }

    /** A spec as JSON or YAML, bare. */
    private CompletionStage<HttpReply> submit(HttpCall call) {
        try {
            var body = JSON.createObjectNode();
            body.set("spec", SpecText.read(new String(call.body(), StandardCharsets.UTF_8)));
            return ask("submit", body.toString());
        } catch (SpecException e) {
            return CompletableFuture.completedFuture(
                    HttpReply.error(400, "the body is neither JSON nor YAML: " + e.getMessage()));
        }
    }

    private static String job(String id) {
        return JSON.createObjectNode().put("job", id).toString();
    }

    private CompletionStage<HttpReply> only(
            String method, String allowed, HttpCall call, String operation, String body) {
        return call.is(method)
                ? ask(operation, body)
                : CompletableFuture.completedFuture(HttpReply.wrongMethod(allowed, call.method()));
    }

    private CompletionStage<HttpReply> ask(String operation, String body) {
        return api.handle(new ApiRequest(operation, body))
                .thenApply(response -> HttpReply.json(response.status(), response.body() + "\n"));
    }
}
