package dev.sampo.node.management;

import dev.sampo.trainer.worker.Worker;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.BehaviorInterceptor;
import org.apache.pekko.actor.typed.TypedActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** How many ranks this node's workers are dealt, seen in what they are told. Thread-safe. */
public final class RankCount {
    private final Map<ActorRef<?>, Integer> ranks = new ConcurrentHashMap<>();

    public int ranks() {
        return ranks.values().stream().mapToInt(Integer::intValue).sum();
    }

    /** The same worker, counted. */
    public Behavior<Worker.Command> counted(Behavior<Worker.Command> worker) {
        return Behaviors.intercept(Listener::new, worker);
    }

    private final class Listener extends BehaviorInterceptor<Worker.Command, Worker.Command> {
        Listener() {
            super(Worker.Command.class);
        }

        @Override
        public Behavior<Worker.Command> aroundReceive(
                TypedActorContext<Worker.Command> context,
                Worker.Command message,
                ReceiveTarget<Worker.Command> target) {
            ActorRef<Worker.Command> self = context.asJava().getSelf();
            if (message instanceof Worker.Assign assign) {
                ranks.put(self, assign.hi() - assign.lo());
            } else if (message instanceof Worker.Release) {
                ranks.remove(self);
            }
            return target.apply(context, message);
        }
    }
}
