package dev.sampo.cluster.wire;

import org.apache.pekko.actor.typed.ActorRef;

/** Turns actor references into text and back while a frame is written or read. */
public interface FrameContext {
    /** The reference's full path with address. */
    String toText(ActorRef<?> ref);

    /** The reference named by {@link #toText}. */
    <T> ActorRef<T> toRef(String text);
}
