package dev.sampo.cluster.plane;

import dev.sampo.cluster.wire.Frames;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.apache.pekko.actor.Address;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where other nodes connect: one thread waits for them, and one for each reads its frames. Thread-safe. */
final class Inlet implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Inlet.class);
    private static final int HELLO_WITHIN_MS = 5_000;
    private static final int HELLO_BYTES_MAX = 1024;
    /** Connections that have not said who they are; each has a thread. */
    private static final int STRANGERS_MAX = 64;

    private final ServerSocketChannel server;
    private final Token token;
    private final FrameReader reader;
    private final BufferPool buffers;
    private final Set<Peer> peers = ConcurrentHashMap.newKeySet();
    private final Semaphore strangers = new Semaphore(STRANGERS_MAX);

    /** @param port 0 takes a free one */
    static Inlet open(String host, int port, Token token, FrameReader reader, BufferPool buffers) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open();
        try {
            server.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            server.bind(new InetSocketAddress(host, port));
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
        Inlet inlet = new Inlet(server, token, reader, buffers);
        daemon(inlet::accept, "sampo-data-accept").start();
        return inlet;
    }

    private Inlet(ServerSocketChannel server, Token token, FrameReader reader, BufferPool buffers) {
        this.server = server;
        this.token = token;
        this.reader = reader;
        this.buffers = buffers;
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    int port() {
        return server.socket().getLocalPort();
    }

    private void accept() {
        while (server.isOpen()) {
            try {
                begin(server.accept());
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                LOG.warn("a data connection can't be accepted, reason={}", e.toString());
                pause();
            }
        }
    }

    private void begin(SocketChannel channel) {
        if (!strangers.tryAcquire()) {
            closeQuietly(channel);
            return;
        }
        Peer peer = new Peer(channel);
        try {
            peers.add(peer);
            daemon(peer, "sampo-data-from-" + channel.socket().getRemoteSocketAddress())
                    .start();
        } catch (OutOfMemoryError e) {
            // No thread to be had. This one must live on, or the port would take connections that nobody reads.
            LOG.error("a data connection can't be served, reason={}", e.toString());
            peers.remove(peer);
            strangers.release();
            closeQuietly(channel);
            pause();
        }
        if (!server.isOpen()) {
            closeQuietly(channel);
        }
    }

    /** Out of file descriptors, say: what it is does not go away at once. */
    private static void pause() {
        try {
            Thread.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The node is gone. */
    void close(Address node) {
        peers.stream().filter(peer -> peer.sender.equals(node.toString())).forEach(Peer::close);
    }

    @Override
    public void close() {
        closeQuietly(server);
        peers.forEach(Peer::close);
    }

    private static void closeQuietly(AutoCloseable channel) {
        try {
            channel.close();
        } catch (Exception e) {
            LOG.debug("a channel can't be closed", e);
        }
    }

    /** One connection, read by one thread. */
    private final class Peer implements Runnable {
        private final SocketChannel channel;
        private final ByteBuffer head =
                ByteBuffer.allocateDirect(Envelope.HEAD_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        private volatile String sender = "";

        Peer(SocketChannel channel) {
            this.channel = channel;
        }

        @Override
        public void run() {
            try (channel) {
                sender = met();
                FrameReader.Mail mail = reader.newMail();
                while (fill(head.clear())) {
                    readFrame(mail, Envelope.length(head.getInt(0), Envelope.BYTES_MAX - Envelope.HEAD_BYTES));
                }
            } catch (AsynchronousCloseException e) {
                LOG.debug("data connection from {} was closed", sender);
            } catch (IOException e) {
                LOG.debug("data connection from {} ended", sender, e);
            } catch (RuntimeException | OutOfMemoryError e) {
                LOG.warn("data connection from {} is closed, reason={}", name(), e.toString());
            } finally {
                peers.remove(this);
            }
        }

        private String name() {
            return sender.isEmpty() ? String.valueOf(channel.socket().getRemoteSocketAddress()) : sender;
        }

        private void readFrame(FrameReader.Mail mail, int length) throws IOException {
            ByteBuffer buffer = buffers.take();
            try {
                if (!fill(buffer.limit(length))) {
                    throw new EOFException("within a frame");
                }
                mail.deliver(buffer.flip());
            } finally {
                buffers.give(buffer);
            }
        }

        /** Reads up to the limit; false at the end of the stream if nothing was read. */
        private boolean fill(ByteBuffer target) throws IOException {
            while (target.hasRemaining()) {
                if (channel.read(target) < 0) {
                    if (target.position() > 0) {
                        throw new EOFException("within a frame");
                    }
                    return false;
                }
            }
            return true;
        }

        private String met() throws IOException {
            try {
                KeepAlive.set(channel);
                String name = hello();
                channel.write(ByteBuffer.wrap(new byte[] {Envelope.WELCOME}));
                return name;
            } finally {
                strangers.release();
            }
        }

        /** Whoever connects has some seconds to say who it is, and only members know the token. */
        private String hello() throws IOException {
            long endMs = nowMs() + HELLO_WITHIN_MS;
            int length = Envelope.length(read(Envelope.HEAD_BYTES, endMs).getInt(), HELLO_BYTES_MAX);
            ByteBuffer hello = read(length, endMs);
            if (!Frames.getText(hello).equals(Envelope.PROTOCOL)) {
                throw new IllegalArgumentException("it does not speak " + Envelope.PROTOCOL);
            }
            if (!token.is(Frames.getText(hello))) {
                throw new IllegalArgumentException("its token is not this node's");
            }
            channel.socket().setSoTimeout(0);
            return Frames.getText(hello);
        }

        /** All within the time, not each byte. */
        private ByteBuffer read(int length, long endMs) throws IOException {
            byte[] bytes = new byte[length];
            for (int at = 0; at < length; ) {
                channel.socket().setSoTimeout((int) Math.max(1, endMs - nowMs()));
                int read = channel.socket().getInputStream().read(bytes, at, length - at);
                if (read < 0) {
                    throw new EOFException("before it said who it is");
                }
                at += read;
            }
            return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        }

        void close() {
            closeQuietly(channel);
        }
    }

    private static long nowMs() {
        return System.nanoTime() / 1_000_000;
    }
}
