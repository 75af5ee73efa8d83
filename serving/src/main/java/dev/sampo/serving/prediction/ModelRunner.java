package dev.sampo.serving.prediction;

import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns one loaded model version and is the only one to run it, one pass at a time. A request that comes while none runs is
 * computed at once; those that come during a pass wait and join the next one (dynamic batching without an added delay).
 * Thread-safe.
 */
final class ModelRunner {
    /** Up to so much work, about a tenth of a millisecond, handing a pass to another thread costs more than it frees. */
    static final long INLINE_WORK_MAX = 1 << 17;

    private static final Logger LOG = LoggerFactory.getLogger(ModelRunner.class);

    private final LoadedModel model;
    private final Executor compute;
    private final ServingLoad.Counts load;
    private final RequestQueue<Consumer<PredictReply>> queue;
    private boolean computing;
    private boolean closing;
    private volatile boolean usedHere;

    ModelRunner(LoadedModel model, ServingSettings settings, Executor compute, ServingLoad.Counts load) {
        this.model = model;
        this.load = load;
        this.compute = compute;
        queue = new RequestQueue<>(settings.queueRowsMax(), settings.batchRowsMax());
    }

    /** Computes on the compute threads. False if the model was unloaded; then there is no reply. */
    boolean submit(RowTable rows, Consumer<PredictReply> reply) {
        Entry entry = enter(rows, reply);
        if (entry == Entry.COMPUTE) {
            compute.execute(this::drain);
        }
        return entry != Entry.CLOSED;
    }

    /** Computes on the caller's thread if the model is idle and the work small, else as {@link #submit}. */
    boolean submitHere(RowTable rows, Consumer<PredictReply> reply) {
        usedHere = true;
        Entry entry = enter(rows, reply);
        // What joins during a pass here is not the caller's to compute.
        if (entry == Entry.COMPUTE && (rows.count() * model.rowWork() > INLINE_WORK_MAX || pass())) {
            compute.execute(this::drain);
        }
        return entry != Entry.CLOSED;
    }

    /** Whether {@link #submitHere} was called since this was asked last. */
    boolean wasUsedHere() {
        boolean was = usedHere;
        usedHere = false;
        return was;
    }

    /** Answers what waits, then frees the model. Once. */
    void close() {
        boolean idle;
        synchronized (this) {
            closing = true;
            idle = !computing;
        }
        if (idle) {
            model.close();
        }
    }

    /** What became of a request that came in. */
    private enum Entry {
        /** It is in the queue and nobody computes: the caller must. */
        COMPUTE,
        /** It is answered, or whoever computes now will see to it. */
        CARED_FOR,
        CLOSED
    }

    private Entry enter(RowTable rows, Consumer<PredictReply> replyTo) {
        Consumer<PredictReply> reply = load.counted(rows, replyTo);
        int waiting;
        synchronized (this) {
            if (closing) {
                return Entry.CLOSED;
            }
            if (queue.offer(rows, reply)) {
                boolean first = !computing;
                computing = true;
                return first ? Entry.COMPUTE : Entry.CARED_FOR;
            }
            waiting = queue.rows();
        }
        reply.accept(new Refused(
                Refused.Kind.BUSY,
                waiting + " rows wait for this model already; try again later, or raise"
                        + " sampo.serving.queue-rows-max"));
        return Entry.CARED_FOR;
    }

    private void drain() {
        while (pass()) {}
    }

    /** Runs one pass of what waits; true if more waits after it. Only who holds {@link #computing} comes here. */
    private boolean pass() {
        List<RequestQueue.Waiting<Consumer<PredictReply>>> batch;
        synchronized (this) {
            batch = queue.take();
        }
        List<PredictReply> replies = compute(batch);
        boolean more;
        boolean last;
        synchronized (this) {
            more = !queue.isEmpty();
            computing = more;
            last = closing && !more;
        }
        for (int i = 0; i < batch.size(); i++) {
            PredictReply reply = replies.get(i);
            if (reply instanceof Refused refused && refused.kind() == Refused.Kind.FAILED) {
                LOG.warn("request failed, reason={}", refused.reason());
            }
            batch.get(i).replyTo().accept(reply);
        }
        if (last) {
            model.close();
        }
        return more;
    }

    /** An error such as lack of memory ends the pass without replies; whoever asked still hears of it. */
    private List<PredictReply> compute(List<RequestQueue.Waiting<Consumer<PredictReply>>> batch) {
        try {
            return ForwardPass.run(
                    model, batch.stream().map(RequestQueue.Waiting::rows).toList());
        } catch (Error e) {
            PredictReply refused = new Refused(Refused.Kind.FAILED, "the model failed on this request: " + e);
            return batch.stream().map(request -> refused).toList();
        }
    }
}
