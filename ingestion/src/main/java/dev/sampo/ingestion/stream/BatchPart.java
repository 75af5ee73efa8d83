package dev.sampo.ingestion.stream;

import dev.sampo.cluster.JobId;
import dev.sampo.cluster.wire.Frame;
import dev.sampo.cluster.wire.FrameCodec;
import dev.sampo.cluster.wire.FrameContext;
import dev.sampo.cluster.wire.Frames;
import dev.sampo.model.data.Batch;
import dev.sampo.model.data.Selection;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * A batch on its way to a worker: whole by reference inside one process, in parts of at most 1 MiB between processes.
 *
 * <pre> text job | u8 dataset | i32 epoch | i32 rank | i32 index | i32 part | i32 parts | text source | i32 n | bytes[n] </pre>
 *
 * @param batch by reference; null when it came over the wire
 * @param bytes this part of the batch's bytes; empty when by reference
 * @param source the entity itself, for the next request
 */
@SuppressWarnings("ArrayRecordComponent")
public record BatchPart(
        JobId job,
        Dataset dataset,
        int epoch,
        int rank,
        int index,
        int part,
        int parts,
        ActorRef<IngestEntity.Command> source,
        @Nullable Selection batch,
        byte[] bytes)
        implements BatchReply, Frame {
    private static final int PART_BYTES = 1 << 20;
    /** A whole batch lies in one array. */
    private static final int PARTS_MAX = Integer.MAX_VALUE / PART_BYTES;

    /** The batch as parts for another process. */
    static List<BatchPart> split(
            JobId job,
            Dataset dataset,
            int epoch,
            int rank,
            int index,
            ActorRef<IngestEntity.Command> source,
            Batch batch) {
        byte[] all = BatchCodec.encode(batch);
        int parts = (all.length + PART_BYTES - 1) / PART_BYTES;
        List<BatchPart> split = new ArrayList<>(parts);
        for (int part = 0; part < parts; part++) {
            int from = part * PART_BYTES;
            byte[] bytes = parts == 1 ? all : Arrays.copyOfRange(all, from, Math.min(all.length, from + PART_BYTES));
            split.add(new BatchPart(job, dataset, epoch, rank, index, part, parts, source, null, bytes));
        }
        return split;
    }

    @Override
    public String manifest() {
        return "batch-1";
    }

    @Override
    public void write(ByteBuffer target, FrameContext context) {
        Frames.putText(target, job.value());
        target.put((byte) dataset.ordinal())
                .putInt(epoch)
                .putInt(rank)
                .putInt(index)
                .putInt(part)
                .putInt(parts);
        Frames.putText(target, context.toText(source));
        target.putInt(bytes.length).put(bytes);
    }

    private static BatchPart read(ByteBuffer in, FrameContext context) {
        JobId job = new JobId(Frames.getText(in));
        Dataset dataset = dataset(in);
        int epoch = in.getInt();
        int rank = in.getInt();
        int index = in.getInt();
        int part = in.getInt();
        int parts = in.getInt();
        ActorRef<IngestEntity.Command> source = context.toRef(Frames.getText(in));
        int length = in.getInt();
        if (length < 0
                || length > in.remaining()
                || length > PART_BYTES
                || part < 0
                || part >= parts
                || parts > PARTS_MAX) {
            throw new IllegalArgumentException(
                    "part " + part + " of " + parts + " claims " + length + " bytes, " + in.remaining() + " remain");
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        return new BatchPart(job, dataset, epoch, rank, index, part, parts, source, null, bytes);
    }

    static Dataset dataset(ByteBuffer in) {
        int ordinal = in.get();
        if (ordinal < 0 || ordinal >= Dataset.values().length) {
            throw new IllegalArgumentException("data set " + ordinal + " is unknown");
        }
        return Dataset.values()[ordinal];
    }

    /** Reads this module's frames. */
    public static final class Codec implements FrameCodec {
        @Override
        public Map<String, Reader> readers() {
            return Map.of("batch-1", BatchPart::read, "fetch-1", IngestEntity.FetchBatch::read);
        }
    }
}
