package dev.sampo.ingestion.stream;

import dev.sampo.cluster.JobId;
import dev.sampo.cluster.plane.DataPlane;
import dev.sampo.cluster.store.Store;
import dev.sampo.cluster.wire.CborSerializable;
import dev.sampo.cluster.wire.Frame;
import dev.sampo.cluster.wire.FrameContext;
import dev.sampo.cluster.wire.Frames;
import dev.sampo.ingestion.index.IndexTask;
import dev.sampo.ingestion.index.IndexWork;
import dev.sampo.ingestion.source.BadSourceException;
import dev.sampo.ingestion.source.Unpacker;
import dev.sampo.model.data.BatchBuffer;
import dev.sampo.model.data.Selection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.jspecify.annotations.Nullable;

/**
 * Reads data for a job: indexing tasks and the batches of one rank. Owns a {@link RankReader}; all it knows comes from the
 * store, so another one anywhere can take its place.
 */
public final class IngestEntity extends AbstractBehavior<IngestEntity.Command> {
    private static final Duration PULSE = Duration.ofSeconds(5);

    /** What an ingest entity understands. */
    public sealed interface Command {}

    /** Does a piece of indexing. */
    public record Index(IndexTask task, ActorRef<IndexTask.Report> replyTo) implements Command, CborSerializable {}

    /**
     * Asks for one mini-batch by its address; answered by {@link BatchPart}s or {@link FetchFailed}.
     *
     * <pre> text job | u8 dataset | i32 epoch | i32 rank | i32 index | text replyTo </pre>
     *
     * @param spare a batch of the job that the sender is through with and gives up: inside one process its arrays become
     *     those of the answer. It stays behind where the request leaves the process. Null if there is none
     */
    public record FetchBatch(
            JobId job,
            Dataset dataset,
            int epoch,
            int rank,
            int index,
            @Nullable Selection spare,
            ActorRef<BatchReply> replyTo)
            implements Command, Frame {
        @Override
        public String manifest() {
            return "fetch-1";
        }

        @Override
        public void write(ByteBuffer target, FrameContext context) {
            Frames.putText(target, job.value());
            target.put((byte) dataset.ordinal()).putInt(epoch).putInt(rank).putInt(index);
            Frames.putText(target, context.toText(replyTo));
        }

        static FetchBatch read(ByteBuffer in, FrameContext context) {
            return new FetchBatch(
                    new JobId(Frames.getText(in)),
                    BatchPart.dataset(in),
                    in.getInt(),
                    in.getInt(),
                    in.getInt(),
                    null,
                    context.toRef(Frames.getText(in)));
        }
    }

    /** Stops the entity; what sharding sends when it moves one. */
    public record Stop() implements Command, CborSerializable {}

    /** Prepares one chunk more of what will be asked for next. */
    private enum Prepare implements Command {
        INSTANCE
    }

    private static final byte[] NO_BYTES = new byte[0];
    private final Store store;
    private final Unpacker unpacker;
    private final ChunkCache cache;
    private final DataPlane plane;
    /** Where rows for another process are put side by side. */
    private final BatchBuffer buffer = new BatchBuffer();

    private @Nullable IndexWork work;
    private @Nullable RankReader reader;
    private boolean preparing;

    static Behavior<Command> create(Store store, Unpacker unpacker, ChunkCache cache) {
        return Behaviors.setup(context -> new IngestEntity(context, store, unpacker, cache));
    }

    private IngestEntity(ActorContext<Command> context, Store store, Unpacker unpacker, ChunkCache cache) {
        super(context);
        this.store = store;
        this.unpacker = unpacker;
        this.cache = cache;
        plane = DataPlane.get(context.getSystem());
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(FetchBatch.class, this::onFetch)
                .onMessageEquals(Prepare.INSTANCE, this::onPrepare)
                .onMessage(Index.class, this::onIndex)
                .onMessage(Stop.class, message -> Behaviors.stopped())
                .onSignal(PostStop.class, signal -> onPostStop())
                .build();
    }

    private Behavior<Command> onIndex(Index index) {
        IndexTask task = index.task();
        Cancellable pulse = getContext()
                .getSystem()
                .scheduler()
                .scheduleAtFixedRate(
                        PULSE,
                        PULSE,
                        () -> index.replyTo().tell(new IndexTask.Working(task)),
                        getContext().getExecutionContext());
        try {
            if (work == null || !work.job().equals(task.job())) {
                work = new IndexWork(task.job(), store, unpacker);
            }
            work.run(task);
            index.replyTo().tell(new IndexTask.Done(task));
        } catch (IOException | RuntimeException e) {
            boolean again = e instanceof IOException && !(e instanceof BadSourceException);
            index.replyTo().tell(new IndexTask.Failed(task, describe(e), again));
        } finally {
            pulse.cancel();
        }
        return Behaviors.same();
    }

    private Behavior<Command> onFetch(FetchBatch fetch) {
        try {
            if (reader == null) {
                reader = new RankReader(fetch.job(), store, unpacker, cache);
            }
            Selection batch = reader.batch(fetch.dataset(), fetch.epoch(), fetch.rank(), fetch.index(), fetch.spare());
            send(fetch, batch);
            prepareNext();
        } catch (IOException | RuntimeException e) {
            getContext().getLog().warn("job={} batch {} can't be made", fetch.job(), fetch.index(), e);
            fetch.replyTo()
                    .tell(new FetchFailed(
                            fetch.job(), fetch.dataset(), fetch.epoch(), fetch.rank(), fetch.index(), describe(e)));
        }
        return Behaviors.same();
    }

    /** Between two requests, so that they wait for one chunk at most. */
    private void prepareNext() {
        if (!preparing && reader != null && reader.mayPrepare()) {
            preparing = true;
            getContext().getSelf().tell(Prepare.INSTANCE);
        }
    }

    private Behavior<Command> onPrepare() {
        preparing = false;
        try {
            if (reader != null) {
                reader.prepare();
                prepareNext();
            }
        } catch (IOException | RuntimeException e) {
            getContext().getLog().debug("a window can't be prepared; who asks for its batches is told", e);
        }
        return Behaviors.same();
    }

    private Behavior<Command> onPostStop() {
        if (reader != null) {
            reader.close();
        }
        return Behaviors.same();
    }

    /** By reference inside this process; in parts to another. */
    private void send(FetchBatch fetch, Selection batch) {
        ActorRef<Command> self = getContext().getSelf();
        if (fetch.replyTo().path().address().hasLocalScope()) {
            fetch.replyTo()
                    .tell(new BatchPart(
                            fetch.job(),
                            fetch.dataset(),
                            fetch.epoch(),
                            fetch.rank(),
                            fetch.index(),
                            0,
                            1,
                            self,
                            batch,
                            NO_BYTES));
            return;
        }
        for (BatchPart part : BatchPart.split(
                fetch.job(), fetch.dataset(), fetch.epoch(), fetch.rank(), fetch.index(), self, buffer.gather(batch))) {
            plane.tell(fetch.replyTo(), part);
        }
    }

    private static String describe(Exception e) {
        return e instanceof BadSourceException && e.getMessage() != null ? e.getMessage() : e.toString();
    }
}
