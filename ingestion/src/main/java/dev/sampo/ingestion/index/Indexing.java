package dev.sampo.ingestion.index;

import dev.sampo.cluster.store.Store;
import dev.sampo.ingestion.stream.IngestEntity;
import dev.sampo.ingestion.stream.IngestSharding;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.time.Duration;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;

/**
 * Indexes a job's data and fits its features with the work spread over the ingest entities. Owns the {@link TaskBoard} and
 * the {@link IndexBuilder}; reads and writes the store, so it belongs on the blocking dispatcher. Goes from the list of files to their boundaries to training
 * rows to validation rows as each phase's tasks are done, and stops with its last {@link Outcome}.
 */
public final class Indexing extends AbstractBehavior<Indexing.Command> {
    private static final int RUNNING_MAX = 8;
    private static final int ATTEMPTS_MAX = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** What indexing understands. */
    public sealed interface Command {}

    private record Reported(IndexTask.Report report) implements Command {}

    private record Silent(IndexTask task) implements Command {}

    /** How far it is, or the end. */
    public sealed interface Outcome {}

    public record Progressed(double fraction, String what) implements Outcome {}

    public record Indexed(long rowsPerEpoch, long validationRows, long badRecords) implements Outcome {}

    public record Failed(String reason) implements Outcome {}

    private enum Phase {
        LIST,
        SCAN,
        TRAIN_ROWS,
        VALIDATION_ROWS
    }

    private final IndexBuilder builder;
    private final TaskBoard board = new TaskBoard(RUNNING_MAX, ATTEMPTS_MAX);
    private final TimerScheduler<Command> timers;
    private final ActorRef<ShardingEnvelope<IngestEntity.Command>> ingest;
    private final ActorRef<Outcome> replyTo;
    private final ActorRef<IndexTask.Report> reports;
    private Phase phase = Phase.LIST;

    public static Behavior<Command> create(
            Store store,
            IngestPlan plan,
            ActorRef<ShardingEnvelope<IngestEntity.Command>> ingest,
            ActorRef<Outcome> replyTo) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            Indexing indexing = new Indexing(context, timers, store, plan, ingest, replyTo);
            return indexing.guarded(() -> indexing.go(indexing.builder.begin()));
        }));
    }

    private Indexing(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            Store store,
            IngestPlan plan,
            ActorRef<ShardingEnvelope<IngestEntity.Command>> ingest,
            ActorRef<Outcome> replyTo) {
        super(context);
        this.timers = timers;
        this.ingest = ingest;
        this.replyTo = replyTo;
        builder = new IndexBuilder(store, plan);
        reports = context.messageAdapter(IndexTask.Report.class, Reported::new);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Reported.class, message -> guarded(() -> onReport(message.report())))
                .onMessage(Silent.class, message -> guarded(() -> onSilent(message.task())))
                .build();
    }

    private interface Step {
        boolean run() throws IOException;
    }

    /** Runs a step that says whether there is more to come; a fault is the outcome. */
    private Behavior<Command> guarded(Step step) {
        try {
            return step.run() ? this : Behaviors.stopped();
        } catch (IOException | RuntimeException e) {
            String message = e.getMessage();
            replyTo.tell(new Failed(message == null || e instanceof FileSystemException ? e.toString() : message));
            return Behaviors.stopped();
        }
    }

    private boolean go(List<IndexTask> tasks) {
        board.add(tasks);
        board.next().forEach(this::send);
        return true;
    }

    private void send(IndexTask task) {
        ingest.tell(new ShardingEnvelope<>(
                IngestSharding.indexerId(task.job(), task.number() % RUNNING_MAX),
                new IngestEntity.Index(task, reports)));
        listen(task);
    }

    private void listen(IndexTask task) {
        timers.startSingleTimer(task, new Silent(task), PATIENCE);
    }

    private boolean onSilent(IndexTask task) {
        if (board.isRunning(task)) {
            again(
                    task,
                    "nothing was heard of it for " + PATIENCE.toSeconds()
                            + " s; is a node with role ingest up? Look at their logs");
        }
        return true;
    }

    private void again(IndexTask task, String reason) {
        if (!board.mayRetry(task)) {
            throw new IllegalStateException("indexing (" + task.kind() + " " + task.number() + ") failed after "
                    + ATTEMPTS_MAX + " attempts: " + reason);
        }
        getContext().getLog().warn("job={} index {} again, reason={}", task.job(), task, reason);
        send(task);
    }

    private boolean onReport(IndexTask.Report report) throws IOException {
        IndexTask task = report.task();
        if (!board.isRunning(task)) {
            return true;
        }
        if (report instanceof IndexTask.Working) {
            listen(task);
        } else if (report instanceof IndexTask.Failed failed) {
            if (!failed.again()) {
                throw new IllegalStateException(failed.reason());
            }
            again(task, failed.reason());
        } else {
            return onDone(task);
        }
        return true;
    }

    private boolean onDone(IndexTask task) throws IOException {
        timers.cancel(task);
        board.finished(task);
        replyTo.tell(new Progressed(board.fraction(), phase.name()));
        return board.isDone() ? nextPhase() : go(List.of());
    }

    private boolean nextPhase() throws IOException {
        switch (phase) {
            case LIST -> {
                phase = Phase.SCAN;
                return go(builder.listed());
            }
            case SCAN -> {
                phase = Phase.TRAIN_ROWS;
                return go(builder.layOut());
            }
            case TRAIN_ROWS -> {
                phase = Phase.VALIDATION_ROWS;
                List<IndexTask> tasks = builder.fit();
                return tasks.isEmpty() ? finish() : go(tasks);
            }
            default -> {
                return finish();
            }
        }
    }

    private boolean finish() throws IOException {
        replyTo.tell(builder.finish());
        return false;
    }
}
