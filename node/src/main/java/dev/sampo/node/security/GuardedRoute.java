package dev.sampo.node.security;

import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.HttpChallenge;
import org.apache.pekko.http.javadsl.model.headers.WWWAuthenticate;
import org.apache.pekko.http.javadsl.server.Directives;
import org.apache.pekko.http.javadsl.server.Route;

/** Routes that ask for a bearer token, except those that tell a node's health: a load balancer has none. */
public final class GuardedRoute {
    private static final String HEALTH = "/v2/health/";
    private static final String REFUSAL =
            "{\"error\": \"a bearer token is needed: Authorization: Bearer TOKEN, or --token-file of a sampo command\"}\n";

    private GuardedRoute() {}

    /** The same routes behind the token. */
    public static Route of(Route routes, BearerToken token) {
        return Directives.extractRequest(request -> isOpen(request) || token.accepts(authorization(request))
                ? routes
                : Directives.extractMaterializer(materializer -> {
                    request.discardEntityBytes(materializer);
                    return Directives.complete(HttpResponse.create()
                            .withStatus(401)
                            .addHeader(WWWAuthenticate.create(HttpChallenge.create("Bearer", "sampo")))
                            .withEntity(ContentTypes.APPLICATION_JSON, REFUSAL));
                }));
    }

    private static boolean isOpen(HttpRequest request) {
        return request.getUri().path().startsWith(HEALTH);
    }

    private static java.util.Optional<String> authorization(HttpRequest request) {
        return request.getHeader("Authorization").map(HttpHeader::value);
    }
}
