package dev.sampo.cluster.plane;

import com.typesafe.config.Config;
import dev.sampo.cluster.wire.Frame;
import dev.sampo.cluster.wire.FrameSerializer;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Extension;
import org.apache.pekko.actor.typed.ExtensionId;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.remote.RemoteActorRefProvider;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries {@link Frame}s between nodes on connections of its own, one in each direction and for each pair of nodes that has
 * something to say. The transport of the control plane copies a frame eight times and hands it from thread to thread as
 * often; here it is written into one buffer, read into one, and is in the recipient's mailbox.
 *
 * <p>It promises no more than the transport does: a frame comes once or not at all, and frames may overtake those that took
 * the other way. It needs no more either: where a node is, and the token it asks for, is learned through the transport. Until
 * a connection stands, after it broke, when its queue is full, and where the transport is encrypted (these connections are
 * not), frames travel through the transport, so nothing but speed depends on them. Thread-safe.
 */
public final class DataPlane implements Extension {
    private static final Logger LOG = LoggerFactory.getLogger(DataPlane.class);
    private static final Id ID = new Id();

    private final Map<Address, Link> links = new ConcurrentHashMap<>();
    /** Null where all frames go through the transport. */
    private final @Nullable Opened opened;

    /** What an open plane has. */
    private record Opened(Inlet inlet, Outlet outlet, ActorRef<PlaneDoor.Command> door) {}

    private static final class Id extends ExtensionId<DataPlane> {
        @Override
        public DataPlane createExtension(ActorSystem<?> system) {
            return new DataPlane(system);
        }
    }

    /** The plane of this node; the first call opens it, so a node makes it when it starts. */
    public static DataPlane get(ActorSystem<?> system) {
        return ID.apply(system);
    }

    private DataPlane(ActorSystem<?> system) {
        opened = isRemote(system) ? open(system) : null;
        if (opened != null) {
            system.getWhenTerminated().thenRun(() -> {
                opened.inlet().close();
                links.values().forEach(Link::close);
            });
        }
    }

    private static boolean isRemote(ActorSystem<?> system) {
        return Adapter.toClassic(system) instanceof ExtendedActorSystem extended
                && extended.provider() instanceof RemoteActorRefProvider;
    }

    private @Nullable Opened open(ActorSystem<?> system) {
        FrameSerializer frames = new FrameSerializer((ExtendedActorSystem) Adapter.toClassic(system));
        BufferPool buffers = new BufferPool();
        Token token = Token.random();
        Inlet inlet = listen(system.settings().config(), token, new FrameReader(system, frames), buffers);
        // Also where nothing listens, so that who asks is answered and does not ask again soon.
        int port = inlet == null ? PlaneDoor.NOWHERE : inlet.port();
        var door = system.systemActorOf(
                PlaneDoor.create(port, token, links::get, this::forget), PlaneDoor.NAME, Props.empty());
        return inlet == null ? null : new Opened(inlet, new Outlet(system, frames, buffers), door);
    }

    private static @Nullable Inlet listen(Config config, Token token, FrameReader reader, BufferPool buffers) {
        if (!config.getBoolean("sampo.data-plane.enabled")
                || config.getString("pekko.remote.artery.transport").equals("tls-tcp")) {
            return null;
        }
        String bound = config.getString("pekko.remote.artery.bind.hostname");
        String host = bound.isEmpty() ? config.getString("pekko.remote.artery.canonical.hostname") : bound;
        int port = config.getInt("sampo.data-plane.port");
        try {
            return Inlet.open(host, port, token, reader, buffers);
        } catch (IOException | IllegalArgumentException e) {
            LOG.warn(
                    "the data plane can't listen on {}:{}, reason={}; frames travel through the transport, which is slower:"
                            + " choose another sampo.data-plane.port",
                    host,
                    port,
                    e.toString());
            return null;
        }
    }

    /** As {@link ActorRef#tell}. */
    public <T> void tell(ActorRef<T> recipient, T message) {
        if (opened == null
                || !(message instanceof Frame frame)
                || recipient.path().address().hasLocalScope()
                || !link(opened, recipient.path().address()).offer(recipient, frame)) {
            recipient.tell(message);
        }
    }

    /** What was sent to {@code recipient}, or its answer, did not come: frames take the transport until there is a new connection. */
    public void doubt(ActorRef<?> recipient) {
        Link link = links.get(recipient.path().address());
        if (link != null) {
            link.doubt();
        }
    }

    /** Where this node listens; {@link PlaneDoor#NOWHERE} if it does not. */
    int port() {
        return opened == null ? PlaneDoor.NOWHERE : opened.inlet().port();
    }

    /** Whether frames to {@code node} take a connection now. */
    boolean isConnected(Address node) {
        Link link = links.get(node);
        return link != null && link.isConnected();
    }

    /** For tests: the node listens there. */
    void found(Address node, String host, int port) {
        if (opened != null) {
            link(opened, node).found(new PlaneDoor.Here(node.toString(), host, port, ""));
        }
    }

    private Link link(Opened plane, Address node) {
        Link known = links.get(node);
        return known != null
                ? known
                : links.computeIfAbsent(
                        node,
                        each -> new Link(
                                each, plane.outlet(), () -> plane.door().tell(new PlaneDoor.Seek(each))));
    }

    private void forget(Address node) {
        Link link = links.remove(node);
        if (link != null) {
            link.close();
        }
        if (opened != null) {
            opened.inlet().close(node);
        }
    }
}
