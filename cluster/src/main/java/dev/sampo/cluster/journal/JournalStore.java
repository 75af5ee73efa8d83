package dev.sampo.cluster.journal;

import dev.sampo.cluster.wire.CborSerializable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.RecoveryCompleted;
import org.apache.pekko.persistence.typed.SnapshotSelectionCriteria;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.Recovery;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;

/** Reads and writes one journal's facts in the database; stops when that fails. Its {@link Journal} starts another then. */
final class JournalStore<F extends CborSerializable> extends EventSourcedBehavior<JournalStore.Write<F>, F, List<F>> {
    /** Makes a fact durable, and then runs {@code then} in this actor's thread. */
    record Write<F>(F fact, Runnable then) {}

    private final Consumer<List<F>> recovered;

    private JournalStore(String id, Consumer<List<F>> recovered) {
        super(PersistenceId.ofUniqueId(id));
        this.recovered = recovered;
    }

    /** @param recovered takes all facts so far, in this actor's thread */
    static <F extends CborSerializable> Behavior<Write<F>> create(String id, Consumer<List<F>> recovered) {
        return new JournalStore<>(id, recovered);
    }

    /** There are no snapshots; to look for one would be one more thing that fails. */
    @Override
    public Recovery recovery() {
        return Recovery.withSnapshotSelectionCriteria(SnapshotSelectionCriteria.none());
    }

    @Override
    public List<F> emptyState() {
        return new ArrayList<>();
    }

    @Override
    public CommandHandler<Write<F>, F, List<F>> commandHandler() {
        return (facts, write) ->
                Effect().persist(write.fact()).thenRun(() -> write.then().run());
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
