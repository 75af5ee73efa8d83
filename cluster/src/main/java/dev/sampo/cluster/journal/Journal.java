package dev.sampo.cluster.journal;

import dev.sampo.cluster.wire.CborSerializable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.RecoveryCompleted;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;

/**
 * The facts of one owner, in order. Tells the owner all of them once when it starts, and appends further ones; stops if the
 * database fails, so that the owner, who watches it, begins again from what is durable.
 */
public final class Journal<F extends CborSerializable> extends EventSourcedBehavior<Journal.Append<F>, F, List<F>> {
    /** Makes a fact durable, and then runs {@code then} in the journal's thread: it should tell the owner. */
    public record Append<F>(F fact, Runnable then) {}

    private final Consumer<List<F>> recovered;

    private Journal(String id, Consumer<List<F>> recovered) {
        super(PersistenceId.ofUniqueId(id));
        this.recovered = recovered;
    }

    /**
     * The journal of that name; one actor of a cluster may have it.
     *
     * @param recovered takes all facts so far, in the journal's thread: it should tell the owner
     */
    public static <F extends CborSerializable> Behavior<Append<F>> create(String id, Consumer<List<F>> recovered) {
        return new Journal<>(id, recovered);
    }

    @Override
    public List<F> emptyState() {
        return new ArrayList<>();
    }

    @Override
    public CommandHandler<Append<F>, F, List<F>> commandHandler() {
        return (facts, append) ->
                Effect().persist(append.fact()).thenRun(() -> append.then().run());
    }

    @Override
    public EventHandler<List<F>, F> eventHandler() {
        return (facts, fact) -> {
            facts.add(fact);
            return facts;
        };
    }

    @Override
    public SignalHandler<List<F>> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(RecoveryCompleted.instance(), facts -> recovered.accept(List.copyOf(facts)))
                .build();
    }
}
