package dev.sampo.parameter.shard;

import dev.sampo.cluster.wire.CborSerializable;
import dev.sampo.cluster.wire.Frame;
import dev.sampo.cluster.wire.FrameCodec;
import dev.sampo.cluster.wire.FrameContext;
import dev.sampo.cluster.wire.Frames;
import dev.sampo.parameter.compression.Packing;
import dev.sampo.parameter.shard.ParameterShard.ShardEvent;
import dev.sampo.parameter.shard.ShardMessages.Address;
import dev.sampo.parameter.shard.ShardState.Ledger;
import dev.sampo.parameter.shard.ShardState.Step;
import java.nio.ByteBuffer;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;

/** From a shard to the node that holds its copy. All of them take the large-message stream, and so stay in order. */
public final class ReplicaMessages {
    private ReplicaMessages() {}

    /** What names the shard it is for. */
    public sealed interface ForReplica extends ReplicaHost.Command {
        /** The sharding entity. */
        String entity();
    }

    /** A state of {@code version} comes in {@code slots + 1} {@link Part}s, which name the version as their clock. */
    public record Begin(
            ShardPlan plan,
            int incarnation,
            long version,
            long clock,
            long[] rankClocks,
            int slots,
            Ledger ledger,
            ActorRef<ShardEvent> coordinator,
            ActorRef<ParameterShard.Command> primary)
            implements ForReplica, CborSerializable {
        @Override
        public String entity() {
            return ShardSharding.entityId(plan.job(), plan.index());
        }
    }

    /** The copy is needed no longer. */
    public record Forget(String entity) implements ForReplica, CborSerializable {}

    /**
     * Row 0 is the values, row i + 1 is optimizer slot i.
     *
     * <pre> address | i32 row | i32 n | f32[n] </pre>
     */
    public record Part(Address address, int row, float[] floats) implements ForReplica, Frame {
        @Override
        public String entity() {
            return ShardSharding.entityId(address.job(), address.shard());
        }

        @Override
        public String manifest() {
            return "replica-part-1";
        }

        @Override
        public void write(ByteBuffer target, FrameContext context) {
            address.write(target);
            target.putInt(row);
            Frames.putFloats(target, floats, 0, floats.length);
        }

        static Part read(ByteBuffer source) {
            return new Part(Address.read(source), source.getInt(), Frames.getFloats(source));
        }
    }

    /**
     * The update from the version that the address has as its clock; {@code sum} is that of the gradients.
     *
     * <pre> address | i32 rank | i64 behind | i64 rows | f64 weight | f64 loss | f32 clipFactor | f64 squaredNorm | packed sum </pre>
     */
    public record Applied(Address address, Step step, Packing packing, float[] sum) implements ForReplica, Frame {
        @Override
        public String entity() {
            return ShardSharding.entityId(address.job(), address.shard());
        }

        @Override
        public String manifest() {
            return "replica-step-3";
        }

        @Override
        public void write(ByteBuffer target, FrameContext context) {
            address.write(target);
            target.putInt(step.rank())
                    .putLong(step.behind())
                    .putLong(step.rows())
                    .putDouble(step.weight())
                    .putDouble(step.loss())
                    .putFloat(step.clipFactor())
                    .putDouble(step.squaredNorm());
            packing.put(target, sum, 0, sum.length);
        }

        static Applied read(ByteBuffer source) {
            Address address = Address.read(source);
            Step step = new Step(
                    source.getInt(),
                    source.getLong(),
                    source.getLong(),
                    source.getDouble(),
                    source.getDouble(),
                    source.getFloat(),
                    source.getDouble());
            return new Applied(address, step, Packing.FLOAT32, Packing.get(source));
        }
    }

    /** Reads the frames above. */
    public static final class Codec implements FrameCodec {
        @Override
        public Map<String, Reader> readers() {
            return Map.of(
                    "replica-part-1", (source, context) -> Part.read(source),
                    "replica-step-3", (source, context) -> Applied.read(source));
        }
    }
}
