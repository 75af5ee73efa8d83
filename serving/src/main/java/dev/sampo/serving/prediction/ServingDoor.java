package dev.sampo.serving.prediction;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.actor.typed.receptionist.Receptionist;

/**
 * Hands requests to the serving nodes of the cluster: to the one in this process if there is one, else in turn. While
 * there is none, requests wait a little, then they are refused: a group router would lose them.
 */
final class ServingDoor extends AbstractBehavior<ServingDoor.Command> {
    sealed interface Command {}

    record Forward(ServingManager.Request request) implements Command {}

    private record Listing(Receptionist.Listing listing) implements Command {}

    private record GiveUp(ServingManager.Request request) implements Command {}

    static Behavior<Command> create(ServingSettings settings) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> new ServingDoor(context, timers, settings)));
    }

    private final TimerScheduler<Command> timers;
    private final ServingSettings settings;
    private final List<ServingManager.Request> waiting = new ArrayList<>();
    private List<ActorRef<ServingManager.Command>> nodes = List.of();
    private int turn;

    private ServingDoor(ActorContext<Command> context, TimerScheduler<Command> timers, ServingSettings settings) {
        super(context);
        this.timers = timers;
        this.settings = settings;
        ActorRef<Receptionist.Listing> listings = context.messageAdapter(Receptionist.Listing.class, Listing::new);
        context.getSystem().receptionist().tell(Receptionist.subscribe(ServingManager.KEY, listings));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Forward.class, this::onForward)
                .onMessage(Listing.class, this::onListing)
                .onMessage(GiveUp.class, this::onGiveUp)
                .build();
    }

    private Behavior<Command> onForward(Forward forward) {
        if (!nodes.isEmpty()) {
            next().tell(forward.request());
        } else if (waiting.size() >= settings.waitingRequestsMax()) {
            forward.request().refuse(nobody());
        } else {
            waiting.add(forward.request());
            timers.startSingleTimer(forward.request(), new GiveUp(forward.request()), settings.noNodeTimeout());
        }
        return this;
    }

    private Behavior<Command> onListing(Listing message) {
        nodes = message.listing().getServiceInstances(ServingManager.KEY).stream()
                .sorted(Comparator.comparing(node -> node.path().toString()))
                .toList();
        List<ActorRef<ServingManager.Command>> here = nodes.stream()
                .filter(node -> node.path().address().hasLocalScope())
                .toList();
        nodes = here.isEmpty() ? nodes : here;
        if (!nodes.isEmpty()) {
            waiting.forEach(request -> {
                timers.cancel(request);
                next().tell(request);
            });
            waiting.clear();
        }
        return this;
    }

    private Behavior<Command> onGiveUp(GiveUp message) {
        // Each asker has its own reply address, so equal requests are the same one.
        if (waiting.remove(message.request())) {
            message.request().refuse(nobody());
        }
        return this;
    }

    private ActorRef<ServingManager.Command> next() {
        turn = (turn + 1) % nodes.size();
        return nodes.get(turn);
    }

    private static Refused nobody() {
        return new Refused(
                Refused.Kind.UNAVAILABLE, "no node with role serving in the cluster; start one with --roles serving");
    }
}
