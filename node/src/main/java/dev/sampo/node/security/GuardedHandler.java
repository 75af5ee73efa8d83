package dev.sampo.node.security;

import dev.sampo.cluster.http.HttpCall;
import dev.sampo.cluster.http.HttpHandler;
import dev.sampo.cluster.http.HttpReply;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Asks for a bearer token, except where a node's health is told: a load balancer has none. */
public final class GuardedHandler implements HttpHandler {
    private static final List<String> HEALTH = List.of("v2", "health");
    private static final HttpReply REFUSAL = refusal(HttpReply.error(
            401, "a bearer token is needed: Authorization: Bearer TOKEN, or --token-file of a sampo command"));

    private final HttpHandler behind;
    private final BearerToken token;

    public GuardedHandler(HttpHandler behind, BearerToken token) {
        this.behind = behind;
        this.token = token;
    }

    /** The bodies of those without the token are not even read. */
    @Override
    public @Nullable HttpReply refuse(HttpCall head) {
        return isOpen(head.path()) || token.accepts(head.header("Authorization")) ? null : REFUSAL;
    }

    @Override
    public CompletionStage<HttpReply> handle(HttpCall call) {
        HttpReply refusal = refuse(call);
        return refusal == null ? behind.handle(call) : CompletableFuture.completedFuture(refusal);
    }

    private static boolean isOpen(List<String> path) {
        return path.size() > HEALTH.size() && path.subList(0, HEALTH.size()).equals(HEALTH);
    }

    private static HttpReply refusal(HttpReply error) {
        return new HttpReply(
                error.status(), error.type(), error.body(), Map.of("WWW-Authenticate", "Bearer realm=\"sampo\""));
    }
}
