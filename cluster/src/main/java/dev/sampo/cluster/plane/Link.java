package dev.sampo.cluster.plane;

import dev.sampo.cluster.wire.Frame;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to one other node: a bounded queue and a thread that writes it out, once the node has told where it listens. Without a
 * connection it takes nothing, and asks for one now and then. Thread-safe.
 */
final class Link {
    private static final Logger LOG = LoggerFactory.getLogger(Link.class);
    private static final int QUEUE_FRAMES = 1024;
    private static final long SEEK_EVERY_MS = 2_000;
    private static final long SEEK_NONE_EVERY_MS = 60_000;
    /** A peer that takes nothing for so long is frozen or cut off; the transport and its failure detector deal with that. */
    private static final long STALLED_MS = 3_000;

    private final Address node;
    private final Outlet outlet;
    private final Runnable seek;
    private final AtomicLong seekAtMs = new AtomicLong(Long.MIN_VALUE);
    private volatile @Nullable Writer writer;
    private boolean closed;

    private record Outgoing(ActorRef<?> recipient, Frame frame) {}

    /** @param seek asks the node where it listens; the answer comes to {@link #found} */
    Link(Address node, Outlet outlet, Runnable seek) {
        this.node = node;
        this.outlet = outlet;
        this.seek = seek;
    }

    /** Whether the frame will be sent; if not, it must go another way. */
    boolean offer(ActorRef<?> recipient, Frame frame) {
        Writer current = writer;
        if (current == null) {
            seekIfDue();
            return false;
        }
        if (current.isStalled(nowMs())) {
            current.close();
            return false;
        }
        return current.queue.offer(new Outgoing(recipient, frame));
    }

    boolean isConnected() {
        return writer != null;
    }

    private void seekIfDue() {
        long due = seekAtMs.get();
        long now = nowMs();
        if (now >= due && seekAtMs.compareAndSet(due, now + SEEK_EVERY_MS)) {
            seek.run();
        }
    }

    /** The node told where it listens. */
    synchronized void found(PlaneDoor.Here there) {
        if (there.port() == PlaneDoor.NOWHERE) {
            seekAtMs.set(nowMs() + SEEK_NONE_EVERY_MS);
        } else if (writer == null && !closed) {
            new Writer(there).start();
        }
    }

    /** For good. */
    synchronized void close() {
        closed = true;
        Writer current = writer;
        if (current != null) {
            current.close();
        }
    }

    private synchronized boolean begin(Writer fresh) {
        if (closed || writer != null) {
            return false;
        }
        writer = fresh;
        return true;
    }

    private synchronized void end(Writer ended) {
        if (writer == ended) {
            writer = null;
            seekAtMs.set(nowMs() + SEEK_EVERY_MS);
        }
    }

    /** What is still in its queue when it ends is lost, as what was under way is: whoever misses it asks again. */
    private final class Writer extends Thread {
        private final BlockingQueue<Outgoing> queue = new ArrayBlockingQueue<>(QUEUE_FRAMES);
        private final PlaneDoor.Here there;
        /** When the write in hand began; 0 between two. */
        private volatile long writingSinceMs;

        Writer(PlaneDoor.Here there) {
            super("sampo-data-to-" + there.host() + ":" + there.port());
            this.there = there;
            setDaemon(true);
        }

        @Override
        public void run() {
            try (SocketChannel channel = outlet.connect(there)) {
                if (begin(this)) {
                    LOG.debug("node={} is reached on port {}", node, there.port());
                    while (!isInterrupted()) {
                        Outgoing next = queue.take();
                        writingSinceMs = nowMs();
                        outlet.write(channel, next.recipient(), next.frame());
                        writingSinceMs = 0;
                    }
                }
            } catch (InterruptedException e) {
                interrupt();
            } catch (IOException e) {
                LOG.info(
                        "node={} data connection to {}:{} ended, reason={}; frames take the transport until there is another",
                        node,
                        there.host(),
                        there.port(),
                        e.toString());
            } finally {
                end(this);
            }
        }

        boolean isStalled(long nowMs) {
            long since = writingSinceMs;
            return since != 0 && nowMs - since > STALLED_MS;
        }

        /** Closes the channel too: a thread interrupted in it does. */
        void close() {
            end(this);
            interrupt();
        }
    }

    private static long nowMs() {
        return System.nanoTime() / 1_000_000;
    }
}
