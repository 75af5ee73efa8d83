package dev.sampo.parameter.shard;

import dev.sampo.cluster.JobId;
import dev.sampo.cluster.wire.Frame;
import dev.sampo.cluster.wire.FrameCodec;
import dev.sampo.cluster.wire.FrameContext;
import dev.sampo.cluster.wire.Frames;
import dev.sampo.parameter.compression.Packing;
import dev.sampo.parameter.shard.RankTree.Block;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * The data plane between workers and parameter shards: little-endian frames. Each begins with
 * {@code text job, i32 shard, i32 incarnation, i64 clock}; the rest is drawn at each message. A change of layout is a new
 * manifest. The incarnation counts how often the job's shards were started; messages of an older one are refused.
 */
public final class ShardMessages {
    private ShardMessages() {}

    /** Which shard of which start of a job, and at which clock. */
    public record Address(JobId job, int shard, int incarnation, long clock) {
        void write(ByteBuffer target) {
            Frames.putText(target, job.value());
            target.putInt(shard).putInt(incarnation).putLong(clock);
        }

        static Address read(ByteBuffer source) {
            return new Address(new JobId(Frames.getText(source)), source.getInt(), source.getInt(), source.getLong());
        }
    }

    /**
     * The push of a fused push-pull: the gradient sum of ranks {@code block} at the address' clock. Answered by
     * {@link Values} of the next clock once all ranks contributed, or, where steps are not synchronous, once the one rank may
     * go on. The sender does not write to the array until then.
     *
     * @param basis version of the shard's values it was computed on
     * @param packing how the gradient is laid
     *     <pre> address | i32 lo | i32 hi | i64 rows | f64 weight | f64 loss | i64 basis | text replyTo | packed gradient </pre>
     */
    public record Contribute(
            Address address,
            Block block,
            long rows,
            double weight,
            double loss,
            long basis,
            Packing packing,
            float[] gradient,
            int offset,
            int length,
            ActorRef<ShardReply> replyTo)
            implements ParameterShard.Command, PartialSum, Frame {
        @Override
        public String manifest() {
            return "contribute-3";
        }

        @Override
        public void write(ByteBuffer target, FrameContext context) {
            address.write(target);
            target.putInt(block.lo())
                    .putInt(block.hi())
                    .putLong(rows)
                    .putDouble(weight)
                    .putDouble(loss)
                    .putLong(basis);
            Frames.putText(target, context.toText(replyTo));
            packing.put(target, gradient, offset, length);
        }

        static Contribute read(ByteBuffer source, FrameContext context) {
            Address address = Address.read(source);
            Block block = new Block(source.getInt(), source.getInt());
            long rows = source.getLong();
            double weight = source.getDouble();
            double loss = source.getDouble();
            long basis = source.getLong();
            ActorRef<ShardReply> replyTo = context.toRef(Frames.getText(source));
            float[] gradient = Packing.get(source);
            return new Contribute(
                    address, block, rows, weight, loss, basis, Packing.FLOAT32, gradient, 0, gradient.length, replyTo);
        }
    }

    /**
     * Asks for the values at the address' clock, or the newest if that is {@link #NEWEST}; or, where steps are not
     * synchronous, for where {@code rank} is, answered once it may go on.
     *
     * @param rank or {@link ShardState.Step#ALL_RANKS}
     *     <pre> address | i32 rank | text replyTo </pre>
     */
    public record Pull(Address address, int rank, ActorRef<ShardReply> replyTo)
            implements ParameterShard.Command, Frame {
        /** As a clock: whatever it is. */
        public static final long NEWEST = -1;

        @Override
        public String manifest() {
            return "pull-2";
        }

        @Override
        public void write(ByteBuffer target, FrameContext context) {
            address.write(target);
            target.putInt(rank);
            Frames.putText(target, context.toText(replyTo));
        }

        static Pull read(ByteBuffer source, FrameContext context) {
            return new Pull(Address.read(source), source.getInt(), context.toRef(Frames.getText(source)));
        }
    }

    /**
     * Second phase under clipping by norm: the factor every worker derives from all shards' {@link Reduced}.
     *
     * <pre> address | f32 factor | text replyTo </pre>
     */
    public record Apply(Address address, float factor, ActorRef<ShardReply> replyTo)
            implements ParameterShard.Command, Frame {
        @Override
        public String manifest() {
            return "apply-1";
        }

        @Override
        public void write(ByteBuffer target, FrameContext context) {
            address.write(target);
            target.putFloat(factor);
            Frames.putText(target, context.toText(replyTo));
        }

        static Apply read(ByteBuffer source, FrameContext context) {
            return new Apply(Address.read(source), source.getFloat(), context.toRef(Frames.getText(source)));
        }
    }

    /**
     * Asks which ranks the address' clock still waits for; answered by {@link Missing} if it does.
     *
     * <pre> address | text replyTo </pre>
     */
    public record AskMissing(Address address, ActorRef<ShardReply> replyTo) implements ParameterShard.Command, Frame {
        @Override
        public String manifest() {
            return "ask-missing-1";
        }

        @Override
        public void write(ByteBuffer target, FrameContext context) {
            address.write(target);
            Frames.putText(target, context.toText(replyTo));
        }

        static AskMissing read(ByteBuffer source, FrameContext context) {
            return new AskMissing(Address.read(source), context.toRef(Frames.getText(source)));
        }
    }

    /** What a shard answers a worker. */
    public sealed interface ShardReply extends Frame {
        Address address();
    }

    /**
     * The shard's values at the address' clock: that of {@code rank}, or of the slowest if that is
     * {@link ShardState.Step#ALL_RANKS}.
     *
     * @param version of the values; the clock in a synchronous job
     * @param stepLoss mean loss of the step before, NaN at clock 0
     * @param rowsApplied rows of all steps so far
     * @param shard the shard itself, for the hot path
     * @param values [length]; the reader must not write
     *     <pre> address | i32 rank | i64 version | f64 stepLoss | i64 rowsApplied | text shard | i32 n | f32[n] </pre>
     */
    public record Values(
            Address address,
            int rank,
            long version,
            double stepLoss,
            long rowsApplied,
            ActorRef<ParameterShard.Command> shard,
            float[] values)
            implements ShardReply {
        @Override
        public String manifest() {
            return "values-2";
        }

        @Override
        public void write(ByteBuffer target, FrameContext context) {
            address.write(target);
            target.putInt(rank).putLong(version).putDouble(stepLoss).putLong(rowsApplied);
            Frames.putText(target, context.toText(shard));
            Frames.putFloats(target, values, 0, values.length);
        }

        static Values read(ByteBuffer source, FrameContext context) {
            return new Values(
                    Address.read(source),
                    source.getInt(),
                    source.getLong(),
                    source.getDouble(),
                    source.getLong(),
                    context.toRef(Frames.getText(source)),
                    Frames.getFloats(source));
        }
    }

    /**
     * All ranks contributed to the address' clock; the squared norm of this shard's part of the mean gradient.
     *
     * <pre> address | f64 squaredNorm </pre>
     */
    public record Reduced(Address address, double squaredNorm) implements ShardReply {
        @Override
        public String manifest() {
            return "reduced-1";
        }

        @Override
        public void write(ByteBuffer target, FrameContext context) {
            address.write(target);
            target.putDouble(squaredNorm);
        }

        static Reduced read(ByteBuffer source) {
            return new Reduced(Address.read(source), source.getDouble());
        }
    }

    /**
     * The address' clock waits for these ranks: ascending ranges.
     *
     * <pre> address | i32 n | (i32 lo | i32 hi)[n] </pre>
     */
    public record Missing(Address address, List<Block> ranks) implements ShardReply {
        @Override
        public String manifest() {
            return "missing-1";
        }

        @Override
        public void write(ByteBuffer target, FrameContext context) {
            address.write(target);
            target.putInt(ranks.size());
            ranks.forEach(range -> target.putInt(range.lo()).putInt(range.hi()));
        }

        static Missing read(ByteBuffer source) {
            Address address = Address.read(source);
            int count = source.getInt();
            if (count < 0 || count > source.remaining() / 8) {
                throw new IllegalArgumentException(
                        count + " ranges of ranks in " + source.remaining() + " bytes that are left");
            }
            List<Block> ranks = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                ranks.add(new Block(source.getInt(), source.getInt()));
            }
            return new Missing(address, List.copyOf(ranks));
        }
    }

    /**
     * Nothing was counted. {@code LOST} means the shard has no state of this incarnation and must be started again.
     *
     * <pre> address | u8 reason | text message </pre>
     */
    public record ShardRefused(Address address, Reason reason, String message) implements ShardReply {
        /** Why. */
        public enum Reason {
            LOST,
            OLD_INCARNATION,
            DIVERGED,
            MALFORMED,
            /** The shard goes to another node: find it through sharding, and send again. */
            MOVED
        }

        @Override
        public String manifest() {
            return "refused-1";
        }

        @Override
        public void write(ByteBuffer target, FrameContext context) {
            address.write(target);
            target.put((byte) reason.ordinal());
            Frames.putText(target, message);
        }

        static ShardRefused read(ByteBuffer source) {
            Address address = Address.read(source);
            int reason = Byte.toUnsignedInt(source.get());
            if (reason >= Reason.values().length) {
                throw new IllegalArgumentException("refusal reason " + reason + " is unknown");
            }
            return new ShardRefused(address, Reason.values()[reason], Frames.getText(source));
        }
    }

    /** Reads the frames above. */
    public static final class Codec implements FrameCodec {
        @Override
        public Map<String, Reader> readers() {
            return Map.of(
                    "contribute-3", whole(Contribute::read),
                    "pull-2", whole(Pull::read),
                    "apply-1", whole(Apply::read),
                    "values-2", whole(Values::read),
                    "ask-missing-1", whole(AskMissing::read),
                    "missing-1", whole((source, context) -> Missing.read(source)),
                    "reduced-1", whole((source, context) -> Reduced.read(source)),
                    "refused-1", whole((source, context) -> ShardRefused.read(source)));
        }

        /** A frame that is longer than its fields say was not laid by this version. */
        private static Reader whole(Reader reader) {
            return (source, context) -> {
                Frame frame = reader.read(source, context);
                if (source.hasRemaining()) {
                    throw new IllegalArgumentException(
                            source.remaining() + " bytes are left over after the last field");
                }
                return frame;
            };
        }
    }
}
