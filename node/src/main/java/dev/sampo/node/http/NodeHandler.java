package dev.sampo.node.http;

import dev.sampo.cluster.api.ApiHandler;
import dev.sampo.cluster.http.HttpCall;
import dev.sampo.cluster.http.HttpHandler;
import dev.sampo.cluster.http.HttpReply;
import dev.sampo.serving.http.InferenceHandler;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** All that a node answers over HTTP: control and inference. Thread-safe. */
public final class NodeHandler implements HttpHandler {
    private final ControlHandler control;
    private final InferenceHandler inference;

    public NodeHandler(ApiHandler api, InferenceHandler inference) {
        control = new ControlHandler(api);
        this.inference = inference;
    }

    @Override
    public CompletionStage<HttpReply> handle(HttpCall call) {
        CompletionStage<HttpReply> reply = control.handle(call);
        if (reply == null) {
            reply = inference.handle(call);
        }
        return reply != null
                ? reply
                : CompletableFuture.completedFuture(
                        HttpReply.error(
                                404,
                                "no such path; there are /v1/jobs, /v1/nodes and /v1/models, and /v2 of the Open Inference Protocol"));
    }
}
