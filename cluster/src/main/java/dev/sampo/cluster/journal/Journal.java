package dev.sampo.cluster.journal;

import dev.sampo.cluster.wire.CborSerializable;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.ChildFailed;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.jspecify.annotations.Nullable;

/**
 * The facts of one owner, in order. Tells the owner all of them once when it starts, and appends further ones. While the
 * database is away it says so, keeps what it was handed, and writes it when the database is back; what is durable is told once
 * and nothing else is. It stops only if somebody else wrote to it, so that the owner, who watches it, begins again.
 */
public final class Journal<F extends CborSerializable> extends AbstractBehavior<Journal.Command<F>> {
    private static final Duration RETRY_FIRST = Duration.ofMillis(250);
    private static final Duration RETRY_MOST = Duration.ofSeconds(2);

    /** What a journal understands. */
    public sealed interface Command<F> {}

    /** Makes a fact durable, and then runs {@code then} in the journal's thread: it should tell the owner. */
    public record Append<F>(F fact, Runnable then) implements Command<F> {}

    private record Read<F>(List<F> facts) implements Command<F> {}

    private record Written<F>(int store) implements Command<F> {}

    private record Open<F>() implements Command<F> {}

    /** What the owner is told; all of it in the journal's thread. */
    public interface Owner<F> {
        /** All facts so far; once. */
        void recovered(List<F> facts);

        /** The database can't be used, for this reason; empty when it can again. */
        void trouble(String reason);
    }

    private final TimerScheduler<Command<F>> timers;
    private final String id;
    private final Owner<F> owner;
    private final String place;
    private final PendingFacts<F> pending = new PendingFacts<>(this::isSame);
    private @Nullable ActorRef<JournalStore.Write<F>> store;
    private int stores;
    private boolean open;
    private boolean inTrouble;
    private Duration retry = RETRY_FIRST;

    /** The journal of that name; one actor of a cluster may have it. */
    public static <F extends CborSerializable> Behavior<Command<F>> create(String id, Owner<F> owner) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> new Journal<>(context, timers, id, owner)));
    }

    private Journal(ActorContext<Command<F>> context, TimerScheduler<Command<F>> timers, String id, Owner<F> owner) {
        super(context);
        this.timers = timers;
        this.id = id;
        this.owner = owner;
        place = JournalSettings.place(context.getSystem().settings().config());
        open();
    }

    @Override
    public Receive<Command<F>> createReceive() {
        return newReceiveBuilder()
                .onAnyMessage(this::onCommand)
                .onSignal(ChildFailed.class, failed -> onStoreGone(failed.getRef(), failed.getCause()))
                .onSignal(Terminated.class, gone -> onStoreGone(gone.getRef(), null))
                .build();
    }

    /** As bytes: a number may come back as one of another type. */
    private boolean isSame(F one, F other) {
        Serialization serialization =
                SerializationExtension.get(Adapter.toClassic(getContext().getSystem()));
        return Arrays.equals(
                serialization.serialize(one).get(),
                serialization.serialize(other).get());
    }

    private Behavior<Command<F>> onCommand(Command<F> command) {
        if (command instanceof Append<F> append) {
            return onAppend(append);
        } else if (command instanceof Written<F> written) {
            return onWritten(written);
        } else if (command instanceof Read<F> read) {
            return onRead(read);
        }
        return open();
    }

    private Behavior<Command<F>> open() {
        ActorRef<Command<F>> self = getContext().getSelf();
        open = false;
        store = getContext()
                .spawn(JournalStore.<F>create(id, facts -> self.tell(new Read<>(facts))), "store-" + ++stores);
        getContext().watch(store);
        return this;
    }

    private Behavior<Command<F>> onRead(Read<F> read) {
        boolean first = !pending.isRead();
        List<Runnable> durable;
        try {
            durable = pending.read(read.facts());
        } catch (PendingFacts.ConflictException e) {
            getContext().getLog().error("the journal {} of {} can't be gone on with: {}", id, place, e.getMessage());
            return Behaviors.stopped();
        }
        open = true;
        retry = RETRY_FIRST;
        if (inTrouble) {
            inTrouble = false;
            getContext().getLog().info("the journal {} is back", place);
            owner.trouble("");
        }
        if (first) {
            owner.recovered(read.facts());
        }
        durable.forEach(Runnable::run);
        pending.toWrite().forEach(this::write);
        return this;
    }

    private Behavior<Command<F>> onAppend(Append<F> append) {
        pending.add(new PendingFacts.Pending<>(append.fact(), append.then()));
        if (open) {
            write(append.fact());
        }
        return this;
    }

    private void write(F fact) {
        ActorRef<Command<F>> self = getContext().getSelf();
        int number = stores;
        if (store != null) {
            store.tell(new JournalStore.Write<>(fact, () -> self.tell(new Written<>(number))));
        }
    }

    private Behavior<Command<F>> onWritten(Written<F> written) {
        // What a store said before it failed is told by the reading after it.
        if (open && written.store() == stores) {
            pending.written().run();
        }
        return this;
    }

    private Behavior<Command<F>> onStoreGone(ActorRef<Void> gone, @Nullable Throwable cause) {
        if (store == null || !gone.path().equals(store.path())) {
            return this;
        }
        open = false;
        String reason = "the journal (" + place + "): " + (cause == null ? "its writer stopped" : rootOf(cause));
        if (!inTrouble) {
            inTrouble = true;
            getContext().getLog().warn("{}; waiting for it", reason);
        }
        owner.trouble(reason);
        JournalPool.evict(Adapter.toClassic(getContext().getSystem()));
        timers.startSingleTimer(new Open<>(), retry);
        retry = retry.multipliedBy(2).compareTo(RETRY_MOST) > 0 ? RETRY_MOST : retry.multipliedBy(2);
        return this;
    }

    /** The message of the deepest cause that has one. */
    private static String rootOf(Throwable failure) {
        String deepest = failure.toString();
        for (Throwable each = failure; each != null; each = each.getCause()) {
            if (each.getMessage() != null && !each.getMessage().isBlank()) {
                deepest = each.getMessage().lines().findFirst().orElse(deepest);
            }
        }
        return deepest;
    }
}
