package dev.sampo.node.management;

import dev.sampo.cluster.api.ApiHandler;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.management.javadsl.PekkoManagement;

/**
 * The port for those who run the node: {@code /startup}, {@code /ready}, {@code /alive}, {@code /metrics}, and Pekko's own
 * routes to see the cluster. It changes nothing.
 */
public final class Management extends AllDirectives {
    private final NodeMetrics metrics;

    private Management(NodeMetrics metrics) {
        this.metrics = metrics;
    }

    /** Serves it; the stage fails if the port can't be had. */
    public static CompletionStage<ServerBinding> serve(
            ActorSystem<?> system, String host, int port, ApiHandler api, RankCount ranks) {
        Management management = new Management(new NodeMetrics(system, api, ranks));
        Route routes = management.concat(
                management.metricsRoute(),
                PekkoManagement.get(Adapter.toClassic(system)).getRoutes());
        return Http.get(system).newServerAt(host, port).bind(routes);
    }

    private Route metricsRoute() {
        return path(
                "metrics",
                () -> get(() -> completeWithFuture(metrics.text()
                        .thenApply(text -> HttpResponse.create()
                                .withEntity(
                                        HttpEntities.create(ContentTypes.parse(NodeMetrics.CONTENT_TYPE), text))))));
    }
}
