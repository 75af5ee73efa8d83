package dev.sampo.cluster.plane;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.sampo.cluster.NodeSettings;
import dev.sampo.cluster.Role;
import dev.sampo.cluster.wire.Frame;
import dev.sampo.cluster.wire.FrameCodec;
import dev.sampo.cluster.wire.FrameContext;
import dev.sampo.cluster.wire.Frames;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.typed.Cluster;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Goal: frames reach their recipient whatever becomes of the connections. Method: actor systems of this process that talk to each
 * other over loopback, and bare sockets that say the wrong things.
 */
class DataPlaneTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final List<Node> nodes = new ArrayList<>();

    /** What the tests send. A negative count of floats is written as it is, which no reader takes. */
    record Note(int number, float[] floats, boolean broken) implements Frame {
        @Override
        public String manifest() {
            return "note-1";
        }

        @Override
        public void write(ByteBuffer target, FrameContext context) {
            target.putInt(number);
            if (broken) {
                target.putInt(-1);
            } else {
                Frames.putFloats(target, floats, 0, floats.length);
            }
        }
    }

    /** Registered in the tests' META-INF. */
    public static final class Codec implements FrameCodec {
        @Override
        public Map<String, Reader> readers() {
            return Map.of("note-1", (source, context) -> new Note(source.getInt(), Frames.getFloats(source), false));
        }
    }

    /** An actor system with one actor, which keeps what it gets. */
    private static final class Node {
        private final BlockingQueue<Note> got = new LinkedBlockingQueue<>();
        private final ActorSystem<Note> system;
        private final DataPlane plane;

        Node(int port, String settings) {
            Config config = ConfigFactory.parseString(settings)
                    .withFallback(new NodeSettings(Set.of(Role.PS), "127.0.0.1", port, List.of()).toConfig())
                    .resolve();
            system = ActorSystem.create(
                    Behaviors.receiveMessage(note -> {
                        got.add(note);
                        return Behaviors.same();
                    }),
                    "sampo",
                    config);
            plane = DataPlane.get(system);
        }

        Address address() {
            return Cluster.get(system).selfMember().address();
        }

        /** The other's actor as this node sees it. */
        ActorRef<Note> see(Node other) {
            return ActorRefResolver.get(system).resolveActorRef(other.address() + "/user");
        }

        void send(Node other, int number) {
            plane.tell(see(other), new Note(number, new float[0], false));
        }

        boolean reaches(Node other) {
            return plane.isConnected(other.address());
        }
    }

    private Node node(int port, String settings) {
        Node node = new Node(port, settings);
        nodes.add(node);
        return node;
    }

    private Node node() {
        return node(0, "");
    }

    private static void stop(Node node) throws Exception {
        node.system.terminate();
        node.system.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    @AfterEach
    void stopNodes() throws Exception {
        for (Node node : nodes) {
            stop(node);
        }
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, what + ": not within " + PATIENCE.toSeconds() + " s");
            Thread.sleep(10);
        }
    }

    private static Note next(Node node) throws InterruptedException {
        return requireNonNull(node.got.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS), "no frame came");
    }

    private static void connect(Node from, Node to) throws InterruptedException {
        from.send(to, -1);
        await("a connection", () -> from.reaches(to));
        assertEquals(-1, next(to).number());
    }

    private static void connectAgain(Node from, Node to) throws InterruptedException {
        await("another connection", () -> {
            from.send(to, 1);
            return from.reaches(to);
        });
    }

    /** Whatever comes before it. */
    private static void awaitFrame(Node node, int number) throws InterruptedException {
        await("frame " + number, () -> node.got.stream().anyMatch(note -> note.number() == number));
    }

    @Test
    void theFirstFrameComesThroughTheTransportAndLaterOnesThroughAConnection() throws Exception {
        Node a = node();
        Node b = node();
        connect(a, b);
        assertFalse(b.reaches(a), "a connection for a direction that has nothing to say");

        float[] floats = new float[256 * 1024];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = i * 0.5f;
        }
        for (int i = 0; i < 50; i++) {
            a.plane.tell(a.see(b), new Note(i, floats, false));
        }
        for (int i = 0; i < 50; i++) {
            Note note = next(b);
            assertEquals(i, note.number(), "frames of one connection are in order");
            assertArrayEquals(floats, note.floats());
        }
    }

    @Test
    void amongOneNodesOwnActorsNothingIsWritten() throws Exception {
        Node a = node();
        Note note = new Note(7, new float[] {1}, false);
        a.plane.tell(a.system, note);
        assertTrue(next(a) == note);
    }

    @Test
    void aFrameThatCantBeReadIsDroppedAndTheNextComes() throws Exception {
        Node a = node();
        Node b = node();
        connect(a, b);
        a.plane.tell(a.see(b), new Note(1, new float[0], true));
        a.send(b, 2);
        assertEquals(2, next(b).number());
        assertTrue(a.reaches(b), "the connection is as good as before");
    }

    @Test
    void aFrameThatIsTooLargeIsDroppedAndTheNextComes() throws Exception {
        Node a = node();
        Node b = node();
        connect(a, b);
        a.plane.tell(a.see(b), new Note(1, new float[400 * 1024], false));
        a.send(b, 2);
        assertEquals(2, next(b).number());
    }

    @Test
    void aNodeThatCameBackAtItsAddressIsFoundAgain() throws Exception {
        Node a = node();
        Node b = node();
        connect(a, b);
        int port = b.address().getPort().orElseThrow();
        stop(b);
        await("the end of the connection", () -> {
            a.send(b, 0);
            return !a.reaches(b);
        });
        Node again = node(port, "");
        connectAgain(a, again);
        again.got.clear();
        a.send(again, 2);
        awaitFrame(again, 2);
    }

    @Test
    void withoutAPlaneOnEitherSideFramesComeThroughTheTransport() throws Exception {
        Node a = node();
        Node off = node(0, "sampo.data-plane.enabled = off");
        for (int i = 0; i < 3; i++) {
            a.send(off, i);
            assertEquals(i, next(off).number());
            off.send(a, i);
            assertEquals(i, next(a).number());
        }
        assertFalse(a.reaches(off));
        assertFalse(off.reaches(a));
    }

    @Test
    void aPortInUseLeavesTheTransport() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            Node a = node();
            Node b = node(0, "sampo.data-plane.port = " + taken.getLocalPort());
            a.send(b, 1);
            assertEquals(1, next(b).number());
            assertFalse(a.reaches(b));
        }
    }

    @Test
    void aPeerThatTakesNothingIsGivenUpWithoutABlockedCaller() throws Exception {
        Node a = node();
        Node b = node();
        try (ServerSocket deaf = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            a.plane.found(b.address(), "127.0.0.1", deaf.getLocalPort());
            try (Socket welcomed = deaf.accept()) {
                welcomed.getOutputStream().write(Envelope.WELCOME);
                await("a connection to the deaf port", () -> a.reaches(b));
                float[] much = new float[200 * 1024];
                await("giving up", () -> {
                    a.plane.tell(a.see(b), new Note(1, much, false));
                    return !a.reaches(b);
                });
            }
        }
        b.got.clear();
        a.send(b, 2);
        awaitFrame(b, 2);
    }

    @Test
    void aPortThatTakesConnectionsButDoesNotWelcomeIsNoConnection() throws Exception {
        Node a = node();
        Node b = node();
        try (ServerSocket mute = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            a.plane.found(b.address(), "127.0.0.1", mute.getLocalPort());
            try (Socket taken = mute.accept()) {
                assertTrue(taken.isConnected());
                assertFalse(a.reaches(b));
                a.send(b, 1);
                assertEquals(1, next(b).number());
            }
        }
    }

    @Test
    void aDoubtedConnectionIsReplaced() throws Exception {
        Node a = node();
        Node b = node();
        connect(a, b);
        a.plane.doubt(a.see(b));
        assertFalse(a.reaches(b));
        a.send(b, 1);
        assertEquals(1, next(b).number());
        connectAgain(a, b);
    }

    @Test
    void whoeverDoesNotKnowTheTokenIsSentAway() throws Exception {
        Node b = node();
        for (String token : List.of("", "0123456789abcdef0123456789abcdef")) {
            ByteBuffer hello = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
            Envelope.writeHello(hello, new Token(token), "pekko://sampo@127.0.0.1:1");
            assertClosedAfter(b, hello);
        }
    }

    @Test
    void whoeverSpeaksAnotherProtocolIsSentAway() throws Exception {
        Node b = node();
        assertClosedAfter(
                b,
                ByteBuffer.wrap("GET / HTTP/1.1\r\nHost: b\r\n\r\n".getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        assertClosedAfter(
                b,
                ByteBuffer.allocate(64)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putInt(60)
                        .putShort((short) 500)
                        .position(0)
                        .limit(64));
        Node a = node();
        connect(a, b);
    }

    private static void assertClosedAfter(Node node, ByteBuffer said) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", node.plane.port()), 5_000);
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(said.array(), 0, said.limit());
            assertEquals(-1, read(socket));
        }
    }

    /** -1 at the end; a reset is one too. */
    private static int read(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read();
        } catch (java.net.SocketException e) {
            return -1;
        }
    }
}
