package dev.sampo.serving.prediction;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;

/**
 * Owns one loaded model version and is the only one to run it. The pass runs on another dispatcher, one at a time;
 * requests that come meanwhile wait and join the next pass (dynamic batching without an added delay).
 */
final class ModelServer extends AbstractBehavior<ModelServer.Command> {
    sealed interface Command {}

    record Serve(RowTable rows, ActorRef<PredictReply> replyTo) implements Command {}

    /** Answers what waits, then stops; the last message its owner sends. */
    record Stop() implements Command {}

    private record Computed(List<RequestQueue.Waiting<ActorRef<PredictReply>>> batch, List<PredictReply> replies)
            implements Command {}

    static Behavior<Command> create(LoadedModel model, ServingSettings settings, Executor compute) {
        return Behaviors.setup(context -> new ModelServer(context, model, settings, compute));
    }

    private final LoadedModel model;
    private final Executor compute;
    private final RequestQueue<ActorRef<PredictReply>> queue;
    private CompletionStage<?> running = CompletableFuture.completedFuture(null);
    private boolean computing;
    private boolean stopping;

    private ModelServer(ActorContext<Command> context, LoadedModel model, ServingSettings settings, Executor compute) {
        super(context);
        this.model = model;
        this.compute = compute;
        this.queue = new RequestQueue<>(settings.queueRowsMax(), settings.batchRowsMax());
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Serve.class, this::onServe)
                .onMessage(Stop.class, message -> onStop())
                .onMessage(Computed.class, this::onComputed)
                .onSignal(PostStop.class, signal -> onPostStop())
                .build();
    }

    private Behavior<Command> onServe(Serve request) {
        if (queue.offer(request.rows(), request.replyTo())) {
            computeNext();
        } else {
            request.replyTo()
                    .tell(new Refused(
                            Refused.Kind.BUSY,
                            queue.rows() + " rows wait for this model already; try again later, or raise"
                                    + " sampo.serving.queue-rows-max"));
        }
        return this;
    }

    private Behavior<Command> onStop() {
        stopping = true;
        return stopWhenIdle();
    }

    private Behavior<Command> onComputed(Computed done) {
        computing = false;
        for (int i = 0; i < done.batch().size(); i++) {
            PredictReply reply = done.replies().get(i);
            if (reply instanceof Refused refused && refused.kind() == Refused.Kind.FAILED) {
                getContext().getLog().warn("request failed, reason={}", refused.reason());
            }
            done.batch().get(i).replyTo().tell(reply);
        }
        computeNext();
        return stopWhenIdle();
    }

    private void computeNext() {
        if (computing || queue.isEmpty()) {
            return;
        }
        computing = true;
        List<RequestQueue.Waiting<ActorRef<PredictReply>>> batch = queue.take();
        List<RowTable> rows = batch.stream().map(RequestQueue.Waiting::rows).toList();
        CompletionStage<List<PredictReply>> pass =
                CompletableFuture.supplyAsync(() -> ForwardPass.run(model, rows), compute);
        running = pass;
        getContext().pipeToSelf(pass, (replies, failure) -> new Computed(batch, repliesOr(replies, failure, batch)));
    }

    /** An error such as lack of memory ends the pass without replies; whoever asked still hears of it. */
    private static List<PredictReply> repliesOr(List<PredictReply> replies, Throwable failure, List<?> batch) {
        if (failure == null) {
            return replies;
        }
        PredictReply refused = new Refused(Refused.Kind.FAILED, "the model failed on this request: " + failure);
        return batch.stream().map(request -> refused).toList();
    }

    private Behavior<Command> stopWhenIdle() {
        return stopping && !computing && queue.isEmpty() ? Behaviors.stopped() : this;
    }

    private Behavior<Command> onPostStop() {
        while (!queue.isEmpty()) {
            queue.take()
                    .forEach(request -> request.replyTo()
                            .tell(new Refused(Refused.Kind.UNAVAILABLE, "the model was unloaded; ask again")));
        }
        // A pass may still run after an abrupt stop; its scratch memory must outlive it.
        running.whenComplete((done, failure) -> model.close());
        return this;
    }
}
