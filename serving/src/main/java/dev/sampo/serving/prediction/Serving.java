package dev.sampo.serving.prediction;

import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;

/** Starts what a node with the role serving runs. */
public final class Serving {
    private Serving() {}

    /** Starts the serving actors; they are found through {@link ServingManager#KEY}. Once per node. */
    public static ActorRef<ServingManager.Command> start(
            ActorSystem<?> system, ModelSource source, ServingSettings settings) {
        return system.systemActorOf(ServingManager.create(source, settings), "sampo-serving", Props.empty());
    }
}
