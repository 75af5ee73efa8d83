package dev.sampo.node.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.cluster.api.ApiHandler;
import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.cluster.api.ApiResponse;
import dev.sampo.trainer.spec.SpecException;
import dev.sampo.trainer.spec.SpecText;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.http.javadsl.unmarshalling.Unmarshaller;

/**
 * The control API over HTTP: {@code POST|GET /v1/jobs}, {@code GET /v1/jobs/ID}, {@code POST /v1/jobs/ID/cancel|pause|resume},
 * {@code GET /v1/nodes}, {@code GET /v1/models}, and {@code POST /v1/call/OPERATION} for clients of the same operations.
 */
public final class ControlRoutes extends AllDirectives {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final ApiHandler api;

    private ControlRoutes(ApiHandler api) {
        this.api = api;
    }

    public static Route routes(ApiHandler api) {
        return new ControlRoutes(api).route();
    }

    private Route route() {
        return pathPrefix(
                "v1",
                () -> concat(
                        path(
                                "jobs",
                                () -> concat(
                                        get(() -> call("jobs", "{}")),
                                        post(() -> entity(Unmarshaller.entityToString(), this::submit)))),
                        path(
                                PathMatchers.segment("jobs").slash(PathMatchers.segment()),
                                id -> get(() -> call("status", job(id)))),
                        path(
                                PathMatchers.segment("jobs")
                                        .slash(PathMatchers.segment())
                                        .slash(PathMatchers.segment()),
                                (id, verb) -> post(() -> call(verb, job(id)))),
                        path("nodes", () -> get(() -> call("nodes", "{}"))),
                        path("models", () -> get(() -> call("models", "{}"))),
                        path(
                                PathMatchers.segment("call").slash(PathMatchers.segment()),
                                operation -> post(
                                        () -> entity(Unmarshaller.entityToString(), body -> call(operation, body))))));
    }

    /** A spec as JSON or YAML, bare. */
    private Route submit(String text) {
        try {
            var body = JSON.createObjectNode();
            body.set("spec", SpecText.read(text));
            return call("submit", body.toString());
        } catch (SpecException e) {
            String error = JSON.createObjectNode()
                    .put("error", "the body is neither JSON nor YAML: " + e.getMessage())
                    .toString();
            return complete(answer(new ApiResponse(400, error)));
        }
    }

    private static String job(String id) {
        return JSON.createObjectNode().put("job", id).toString();
    }

    private Route call(String operation, String body) {
        return completeWithFuture(api.handle(new ApiRequest(operation, body)).thenApply(ControlRoutes::answer));
    }

    private static HttpResponse answer(ApiResponse response) {
        return HttpResponse.create()
                .withStatus(response.status())
                .withEntity(ContentTypes.APPLICATION_JSON, response.body() + "\n");
    }
}
