package dev.sampo.cluster.plane;

import dev.sampo.cluster.wire.FrameSerializer;
import dev.sampo.cluster.wire.Frames;
import java.io.NotSerializableException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.ActorSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns what follows an envelope's head into a message in its recipient's mailbox. One thread has its {@link Mail}. */
final class FrameReader {
    private static final Logger LOG = LoggerFactory.getLogger(FrameReader.class);
    private static final int KNOWN_MAX = 4096;

    private final ActorSystem<?> system;
    private final FrameSerializer frames;

    FrameReader(ActorSystem<?> system, FrameSerializer frames) {
        this.system = system;
        this.frames = frames;
    }

    /** For one connection. */
    Mail newMail() {
        return new Mail();
    }

    /** One connection's; remembers the recipients, which are few. */
    final class Mail {
        private final Map<String, ActorRef<Object>> known = new HashMap<>();

        /** A frame that can't be read is dropped with a warning; what the envelope says of itself must be right. */
        void deliver(ByteBuffer envelope) {
            String recipient = Frames.getText(envelope);
            String manifest = Frames.getText(envelope);
            try {
                recipient(recipient).tell(frames.fromBinary(envelope, manifest));
            } catch (NotSerializableException e) {
                LOG.warn("a frame to {} was dropped, reason={}", recipient, e.getMessage());
            }
        }

        private ActorRef<Object> recipient(String text) {
            if (known.size() >= KNOWN_MAX) {
                known.clear();
            }
            return known.computeIfAbsent(
                    text, each -> ActorRefResolver.get(system).resolveActorRef(each));
        }
    }
}
