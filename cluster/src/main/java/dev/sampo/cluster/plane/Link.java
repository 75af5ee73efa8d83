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
    /** Doubled with every time it was in vain. */
    private static final long SEEK_EVERY_MS = 2_000;

    private static final long SEEK_EVERY_MAX_MS = 60_000;
    /** A peer that takes nothing for so long is frozen or cut off; the transport and its failure detector deal with that. */
    private static final long STALLED_MS = 3_000;

    private final Address node;
    private final Outlet outlet;
    private final Runnable seek;
    private final AtomicLong seekAtMs = new AtomicLong(Long.MIN_VALUE);
    private volatile long seekEveryMs = SEEK_EVERY_MS;
    private volatile @Nullable Writer writer;
    private boolean told;
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
        if (now >= due && seekAtMs.compareAndSet(due, now + seekEveryMs)) {
            seekEveryMs = Math.min(SEEK_EVERY_MAX_MS, 2 * seekEveryMs);
            seek.run();
        }
    }

    /** The node told where it listens. */
    synchronized void found(PlaneDoor.Here there) {
        if (there.port() == PlaneDoor.NOWHERE) {
            seekEveryMs = SEEK_EVERY_MAX_MS;
            seekAtMs.set(nowMs() + SEEK_EVERY_MAX_MS);
        } else if (writer == null && !closed) {
            new Writer(there).start();
        }
    }

    /** Something that was sent did not come; another connection may do better. */
    void doubt() {
        Writer current = writer;
        if (current != null) {
            current.close();
        }
    }

    /** For good. */
    synchronized void close() {
        closed = true;
        doubt();
    }

    private synchronized boolean begin(Writer fresh) {
        if (closed || writer != null) {
            return false;
        }
        writer = fresh;
        seekEveryMs = SEEK_EVERY_MS;
        told = false;
        return true;
    }

    private synchronized void end(Writer ended) {
        if (writer == ended) {
            writer = null;
            seekAtMs.set(nowMs() + seekEveryMs);
        }
    }

    /** Once, until there is a connection again: a port that can't be reached is tried for ever. */
    private synchronized void tell(PlaneDoor.Here there, Throwable reason) {
        if (!told && !closed) {
            told = true;
            LOG.info(
                    "node={} has no data connection to {}:{}, reason={}; frames take the transport until there is one",
                    node,
                    there.host(),
                    there.port(),
                    reason.toString());
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
            } catch (IOException | RuntimeException | OutOfMemoryError e) {
                if (!isInterrupted()) {
                    tell(there, e);
                }
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
