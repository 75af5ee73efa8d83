package dev.sampo.serving.prediction;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Extension;
import org.apache.pekko.actor.typed.ExtensionId;

/** What this node's models were asked since the node began, by the model's name. Thread-safe. */
public final class ServingLoad implements Extension {
    /** Of one model. */
    public static final class Counts {
        private final LongAdder requests = new LongAdder();
        private final LongAdder refused = new LongAdder();
        private final LongAdder rows = new LongAdder();
        private final LongAdder nanos = new LongAdder();

        /** Requests that were answered, the refused ones too. */
        public long requests() {
            return requests.sum();
        }

        /** Requests that got a reason instead of predictions. */
        public long refused() {
            return refused.sum();
        }

        /** Rows that were asked for. */
        public long rows() {
            return rows.sum();
        }

        /** From a request's arrival at its model to its reply, over all requests. */
        public double seconds() {
            return nanos.sum() / 1e9;
        }

        /** The reply's way, counted. */
        Consumer<PredictReply> counted(RowTable asked, Consumer<PredictReply> replyTo) {
            long began = System.nanoTime();
            return reply -> {
                requests.increment();
                rows.add(asked.count());
                nanos.add(System.nanoTime() - began);
                if (reply instanceof Refused) {
                    refused.increment();
                }
                replyTo.accept(reply);
            };
        }
    }

    private static final class Id extends ExtensionId<ServingLoad> {
        @Override
        public ServingLoad createExtension(ActorSystem<?> system) {
            return new ServingLoad();
        }
    }

    private static final Id ID = new Id();

    private final Map<String, Counts> byModel = new ConcurrentHashMap<>();

    /** That of the node. */
    public static ServingLoad of(ActorSystem<?> system) {
        return ID.apply(system);
    }

    /** The counts of a model; it has some from now on. */
    public Counts model(String name) {
        return byModel.computeIfAbsent(name, first -> new Counts());
    }

    /** By the model's name; counts go on while they are read. */
    public Map<String, Counts> models() {
        return Map.copyOf(byModel);
    }
}
