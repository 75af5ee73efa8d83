package dev.sampo.serving.prediction;

import dev.sampo.serving.registry.ModelInfo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.jspecify.annotations.Nullable;

/**
 * Asks the serving nodes of the cluster from any of its nodes. Thread-safe. Every stage completes normally within the
 * configured time, with a {@link Refused} if nobody answers.
 */
public final class ServingClient {
    /** How many parts of one request are under way at once: enough to keep a node busy, little of its queue. */
    private static final int PARTS_AT_ONCE = 4;

    private static final AtomicInteger DOORS = new AtomicInteger();

    private final ActorSystem<?> system;
    private final ServingSettings settings;
    private final ActorRef<ServingDoor.Command> door;
    private final LocalModels local;

    private ServingClient(ActorSystem<?> system, ServingSettings settings, ActorRef<ServingDoor.Command> door) {
        this.system = system;
        this.settings = settings;
        this.door = door;
        local = LocalModels.of(system);
    }

    /** A client in this node; make one and share it. */
    public static ServingClient create(ActorSystem<?> system, ServingSettings settings) {
        return new ServingClient(
                system,
                settings,
                system.systemActorOf(
                        ServingDoor.create(settings), "sampo-serving-door-" + DOORS.incrementAndGet(), Props.empty()));
    }

    /** Every version in the registry as one serving node sees it. */
    public CompletionStage<ListReply> models() {
        return ask(ServingManager.ListModels::new, refused -> refused);
    }

    /**
     * The version that would answer.
     *
     * @param version null for the newest
     */
    public CompletionStage<DescribeReply> describe(String model, @Nullable Integer version) {
        LocalModels.Ready here = local.find(model, version);
        return here == null
                ? ask(replyTo -> new ServingManager.Describe(model, version, replyTo), refused -> refused)
                : CompletableFuture.completedFuture(new Described(here.info(), here.versions()));
    }

    /** Predictions of exactly this version for at least one row; many rows go in parts that fit remoting's frames. */
    public CompletionStage<PredictReply> predict(ModelInfo model, RowTable rows) {
        List<RowTable> parts =
                parts(rows, settings.partSizeBytes(), model.prediction().outputs());
        return parts.size() == 1
                ? predictPart(model, rows)
                : predictFrom(0, parts, model, new ArrayList<>()).thenApply(ServingClient::join);
    }

    /** Where a caller may block, such as on the registry's files. */
    public Executor blocking() {
        return system.dispatchers().lookup(DispatcherSelector.fromConfig("sampo.serving-dispatcher"));
    }

    private CompletionStage<List<PredictReply>> predictFrom(
            int from, List<RowTable> parts, ModelInfo model, List<PredictReply> replies) {
        if (from >= parts.size() || replies.stream().anyMatch(Refused.class::isInstance)) {
            return CompletableFuture.completedFuture(replies);
        }
        int to = Math.min(from + PARTS_AT_ONCE, parts.size());
        CompletionStage<List<PredictReply>> wave = CompletableFuture.completedFuture(replies);
        for (RowTable part : parts.subList(from, to)) {
            wave = wave.thenCombine(predictPart(model, part), (sofar, one) -> {
                sofar.add(one);
                return sofar;
            });
        }
        return wave.thenCompose(sofar -> predictFrom(to, parts, model, sofar));
    }

    private CompletionStage<PredictReply> predictPart(ModelInfo model, RowTable rows) {
        LocalModels.Ready here = local.find(model.name(), model.version());
        CompletionStage<PredictReply> reply = here == null ? null : here.predict(rows, settings);
        return reply == null
                ? ask(
                        replyTo -> new ServingManager.Predict(model.name(), model.version(), rows, replyTo),
                        refused -> refused)
                : reply;
    }

    /** Cuts rows so that neither a part nor its reply takes much more than so many bytes; one row is never cut. */
    static List<RowTable> parts(RowTable rows, long sizeBytesMax, int outputs) {
        List<RowTable> parts = new ArrayList<>();
        int start = 0;
        long size = 0;
        for (int row = 0; row < rows.count(); row++) {
            long rowSize = Math.max(rows.sizeBytes(row), 32L + 5L * outputs);
            if (row > start && size + rowSize > sizeBytesMax) {
                parts.add(rows.slice(start, row));
                start = row;
                size = 0;
            }
            size += rowSize;
        }
        parts.add(start == 0 ? rows : rows.slice(start, rows.count()));
        return parts;
    }

    private static PredictReply join(List<PredictReply> replies) {
        int length = 0;
        for (PredictReply reply : replies) {
            if (!(reply instanceof Predicted predicted)) {
                return reply;
            }
            length += predicted.values().length;
        }
        Predicted first = (Predicted) replies.get(0);
        float[] values = new float[length];
        List<String> labels = new ArrayList<>();
        int at = 0;
        for (PredictReply reply : replies) {
            Predicted predicted = (Predicted) reply;
            System.arraycopy(predicted.values(), 0, values, at, predicted.values().length);
            at += predicted.values().length;
            labels.addAll(predicted.labels());
        }
        return new Predicted(first.model(), first.version(), first.outputs(), values, labels);
    }

    private <R> CompletionStage<R> ask(
            Function<ActorRef<R>, ServingManager.Request> request, Function<Refused, R> refuse) {
        Duration timeout = settings.requestTimeout();
        CompletionStage<R> reply = AskPattern.ask(
                door, replyTo -> new ServingDoor.Forward(request.apply(replyTo)), timeout, system.scheduler());
        return reply.exceptionally(failure -> {
            Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
            return refuse.apply(
                    cause instanceof TimeoutException
                            ? noAnswer(timeout.toMillis())
                            : new Refused(Refused.Kind.FAILED, String.valueOf(cause)));
        });
    }

    static Refused noAnswer(long timeoutMs) {
        return new Refused(Refused.Kind.UNAVAILABLE, "no answer from a serving node within " + timeoutMs + " ms");
    }
}
