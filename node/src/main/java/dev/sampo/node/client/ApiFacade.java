package dev.sampo.node.client;

import dev.sampo.cluster.api.ApiHandler;
import dev.sampo.cluster.api.ApiRequest;
import org.apache.pekko.actor.AbstractActor;
import org.apache.pekko.actor.Props;
import org.apache.pekko.pattern.Patterns;

/** ClusterClient's side of a node: answers to the sender, so that the reply goes back through the client's tunnel. */
public final class ApiFacade extends AbstractActor {
    public static final String NAME = "sampo-api";
    static final String PATH = "/user/" + NAME;

    private final ApiHandler handler;

    public static Props props(ApiHandler handler) {
        return Props.create(ApiFacade.class, () -> new ApiFacade(handler));
    }

    private ApiFacade(ApiHandler handler) {
        this.handler = handler;
    }

    @Override
    public Receive createReceive() {
        return receiveBuilder()
                .match(
                        ApiRequest.class,
                        request -> Patterns.pipe(
                                        handler.handle(request), getContext().getDispatcher())
                                .to(getSender()))
                .build();
    }
}
