package dev.sampo.cluster.plane;

import dev.sampo.cluster.wire.CborSerializable;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.cluster.ClusterEvent.MemberRemoved;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Subscribe;
import org.jspecify.annotations.Nullable;

/** Tells other nodes where this one's data plane listens, asks them where theirs does, and hears which are gone. */
final class PlaneDoor extends AbstractBehavior<PlaneDoor.Command> {
    /** Of the actor, which is found by its path. */
    static final String NAME = "sampo-data-plane";
    /** As a port: frames come through the transport only. */
    static final int NOWHERE = 0;

    /** What this actor understands. */
    sealed interface Command {}

    /** Find out where {@code node} listens. */
    record Seek(Address node) implements Command {}

    /** Asked by another node; answered by {@link Here}. */
    record WhereAreYou(ActorRef<Command> replyTo) implements Command, CborSerializable {}

    /**
     * Where a node listens.
     *
     * @param node the address of the node, as members know it
     */
    record Here(String node, String host, int port, String token) implements Command, CborSerializable {}

    private record Gone(Address node) implements Command {}

    private final Cluster cluster;
    private final Address self;
    private final int port;
    private final Token token;
    private final Function<Address, @Nullable Link> links;
    private final Consumer<Address> forget;

    /**
     * @param links those that wait for an answer
     * @param forget is told of nodes that are gone
     */
    static Behavior<Command> create(
            int port, Token token, Function<Address, @Nullable Link> links, Consumer<Address> forget) {
        return Behaviors.setup(context -> new PlaneDoor(context, port, token, links, forget));
    }

    private PlaneDoor(
            ActorContext<Command> context,
            int port,
            Token token,
            Function<Address, @Nullable Link> links,
            Consumer<Address> forget) {
        super(context);
        this.port = port;
        this.token = token;
        this.links = links;
        this.forget = forget;
        cluster = Cluster.get(context.getSystem());
        self = cluster.selfMember().address();
        cluster.subscriptions()
                .tell(Subscribe.create(
                        context.messageAdapter(
                                MemberRemoved.class,
                                removed -> new Gone(removed.member().address())),
                        MemberRemoved.class));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Seek.class, this::onSeek)
                .onMessage(WhereAreYou.class, this::onWhereAreYou)
                .onMessage(Here.class, this::onHere)
                .onMessage(Gone.class, this::onGone)
                .build();
    }

    private Behavior<Command> onSeek(Seek seek) {
        if (isGone(seek.node())) {
            forget.accept(seek.node());
            return this;
        }
        ActorRefResolver.get(getContext().getSystem())
                .<Command>resolveActorRef(seek.node() + "/system/" + NAME)
                .tell(new WhereAreYou(getContext().getSelf()));
        return this;
    }

    /** A late answer to a node that was removed would bring its link back, which nobody would close again. */
    private boolean isGone(Address node) {
        boolean any = false;
        for (Member member : cluster.state().getMembers()) {
            if (member.address().equals(node)) {
                return false;
            }
            any = true;
        }
        return any;
    }

    private Behavior<Command> onWhereAreYou(WhereAreYou ask) {
        ask.replyTo().tell(new Here(self.toString(), self.getHost().orElse(""), port, token.text()));
        return this;
    }

    private Behavior<Command> onHere(Here here) {
        Address node = org.apache.pekko.actor.AddressFromURIString.parse(here.node());
        Link link = links.apply(node);
        if (link != null) {
            link.found(here);
        }
        return this;
    }

    private Behavior<Command> onGone(Gone gone) {
        forget.accept(gone.node());
        return this;
    }
}
