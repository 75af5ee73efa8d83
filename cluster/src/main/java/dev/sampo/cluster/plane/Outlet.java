package dev.sampo.cluster.plane;

import dev.sampo.cluster.wire.Frame;
import dev.sampo.cluster.wire.FrameSerializer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.typed.Cluster;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens connections to other nodes and writes frames to them. Immutable; each connection is one thread's. */
final class Outlet {
    private static final Logger LOG = LoggerFactory.getLogger(Outlet.class);
    private static final int CONNECT_WITHIN_MS = 2_000;

    private final FrameSerializer frames;
    private final BufferPool buffers;
    private final ActorRefResolver names;
    private final String self;

    Outlet(ActorSystem<?> system, FrameSerializer frames, BufferPool buffers) {
        this.frames = frames;
        this.buffers = buffers;
        names = ActorRefResolver.get(system);
        self = Cluster.get(system).selfMember().address().toString();
    }

    SocketChannel connect(PlaneDoor.Here there) throws IOException {
        SocketChannel channel = SocketChannel.open();
        try {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
            channel.socket().connect(new InetSocketAddress(there.host(), there.port()), CONNECT_WITHIN_MS);
            ByteBuffer hello = buffers.take();
            Envelope.writeHello(hello, new Token(there.token()), self);
            writeAll(channel, hello);
            buffers.give(hello);
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Returns when the system has taken the whole frame. */
    void write(SocketChannel channel, ActorRef<?> recipient, Frame frame) throws IOException {
        ByteBuffer buffer = buffers.take();
        try {
            Envelope.write(
                    buffer,
                    names.toSerializationFormat(recipient),
                    frame.manifest(),
                    target -> frames.toBinary(frame, target));
        } catch (BufferOverflowException | IllegalArgumentException e) {
            // It is no fault of the connection, and a frame that is too large here is so for the transport too.
            LOG.error("frame {} to {} can't be written, reason={}", frame.manifest(), recipient.path(), e.toString());
            buffers.give(buffer);
            return;
        }
        writeAll(channel, buffer);
        buffers.give(buffer);
    }

    private static void writeAll(SocketChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }
}
