package dev.sampo.cluster.plane;

import dev.sampo.cluster.wire.Frame;
import dev.sampo.cluster.wire.FrameSerializer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
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
    private static final int ANSWER_WITHIN_MS = 2_000;

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

    /** A connection whose other end has taken the token. */
    SocketChannel connect(PlaneDoor.Here there) throws IOException {
        SocketChannel channel = SocketChannel.open();
        ByteBuffer hello = buffers.take();
        try {
            KeepAlive.set(channel);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.socket().connect(new InetSocketAddress(there.host(), there.port()), ANSWER_WITHIN_MS);
            Envelope.writeHello(hello, new Token(there.token()), self);
            writeAll(channel, hello);
            channel.socket().setSoTimeout(ANSWER_WITHIN_MS);
            // Something between the nodes may take connections for one that is not there.
            if (channel.socket().getInputStream().read() != Envelope.WELCOME) {
                throw new IOException("it did not welcome this node");
            }
            channel.socket().setSoTimeout(0);
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        } finally {
            buffers.give(hello);
        }
    }

    /** Returns when the system has taken the whole frame. */
    void write(SocketChannel channel, ActorRef<?> recipient, Frame frame) throws IOException {
        ByteBuffer buffer = buffers.take();
        try {
            if (isWritten(buffer, recipient, frame)) {
                writeAll(channel, buffer);
            }
        } finally {
            buffers.give(buffer);
        }
    }

    /** A frame that can't be laid is no fault of the connection; it is dropped. */
    private boolean isWritten(ByteBuffer buffer, ActorRef<?> recipient, Frame frame) {
        try {
            Envelope.write(
                    buffer,
                    names.toSerializationFormat(recipient),
                    frame.manifest(),
                    target -> frames.toBinary(frame, target));
            return true;
        } catch (RuntimeException e) {
            LOG.error("frame {} to {} can't be written, reason={}", frame.manifest(), recipient.path(), e.toString());
            return false;
        }
    }

    private static void writeAll(SocketChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }
}
