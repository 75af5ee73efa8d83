package dev.sampo.parameter.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.cluster.JobId;
import dev.sampo.cluster.wire.Frame;
import dev.sampo.cluster.wire.FrameCodec;
import dev.sampo.cluster.wire.FrameContext;
import dev.sampo.parameter.compression.Packing;
import dev.sampo.parameter.shard.RankTree.Block;
import dev.sampo.parameter.shard.ShardMessages.Address;
import dev.sampo.parameter.shard.ShardMessages.Apply;
import dev.sampo.parameter.shard.ShardMessages.Contribute;
import dev.sampo.parameter.shard.ShardMessages.Pull;
import dev.sampo.parameter.shard.ShardMessages.Reduced;
import dev.sampo.parameter.shard.ShardMessages.ShardRefused;
import dev.sampo.parameter.shard.ShardMessages.ShardReply;
import dev.sampo.parameter.shard.ShardMessages.Values;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.Test;

/** The data plane's frames: there and back, and bytes that nobody sent. */
class ShardMessagesTest {
    private static final ActorRef<ShardReply> WORKER =
            TestInbox.<ShardReply>create("worker").getRef();
    private static final ActorRef<ParameterShard.Command> SHARD =
            TestInbox.<ParameterShard.Command>create("shard").getRef();
    private static final Address AT = new Address(new JobId("j-1"), 3, 2, 1L << 40);
    private static final FrameCodec CODEC = new ShardMessages.Codec();
    private static final int[] ODD = {Integer.MIN_VALUE, -1, 0, 1, 2, 3, 9, 10, 1 << 28, 1 << 30, Integer.MAX_VALUE};

    private static final FrameContext CONTEXT = new FrameContext() {
        @Override
        public String toText(ActorRef<?> ref) {
            return ref.path().name();
        }

        @Override
        public <T> ActorRef<T> toRef(String text) {
            ActorRef<?> ref = text.equals("worker") ? WORKER : SHARD;
            return ref.unsafeUpcast();
        }
    };

    private static List<Frame> frames() {
        float[] gradient = {9, 1, 2, 3, 9};
        return List.of(
                new Contribute(AT, new Block(4, 6), 17, 16.5, -0.25, 8, Packing.FLOAT32, gradient, 1, 3, WORKER),
                new Pull(AT, 3, WORKER),
                new Apply(AT, 0.5f, WORKER),
                new Values(AT, 2, 77, Double.NaN, 1L << 50, SHARD, new float[] {1, -0f, Float.MIN_VALUE}),
                new ShardMessages.AskMissing(AT, WORKER),
                new ShardMessages.Missing(AT, List.of(new Block(0, 2), new Block(5, 6))),
                new Reduced(AT, 2.5),
                new ShardRefused(AT, ShardRefused.Reason.LOST, "gone"));
    }

    private static byte[] bytes(Frame frame) {
        ByteBuffer out = ByteBuffer.allocate(512).order(ByteOrder.LITTLE_ENDIAN);
        frame.write(out, CONTEXT);
        return Arrays.copyOf(out.array(), out.position());
    }

    private static Frame read(String manifest, byte[] bytes) {
        return CODEC.readers().get(manifest).read(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN), CONTEXT);
    }

    @Test
    void framesComeBackAsTheyWere() {
        for (Frame frame : frames()) {
            byte[] once = bytes(frame);
            assertThat(bytes(read(frame.manifest(), once))).as(frame.manifest()).isEqualTo(once);
        }
        Contribute contribute = (Contribute) read("contribute-3", bytes(frames().get(0)));
        assertThat(contribute.gradient()).containsExactly(1, 2, 3);
        assertThat(contribute.block()).isEqualTo(new Block(4, 6));
        assertThat(contribute.address()).isEqualTo(AT);
        assertThat(CODEC.readers()).hasSize(frames().size());
    }

    /** Odd numbers in any two words of a frame, and frames cut anywhere: read, or refused; never more than the bytes hold. */
    @Test
    void hostileFramesAreRefused() {
        List<Frame> all = new ArrayList<>(frames());
        float[] sparse = new float[20];
        sparse[3] = 1;
        for (Packing packing : Packing.values()) {
            all.add(new Contribute(AT, new Block(4, 6), 17, 16.5, -0.25, 8, packing, sparse, 0, 20, WORKER));
        }
        for (Frame frame : all) {
            byte[] good = bytes(frame);
            for (int length = 0; length < good.length; length++) {
                tryRead(frame.manifest(), Arrays.copyOf(good, length));
            }
            for (int at = 0; at + 4 <= good.length; at++) {
                for (int a : ODD) {
                    byte[] bad = good.clone();
                    ByteBuffer.wrap(bad).order(ByteOrder.LITTLE_ENDIAN).putInt(at, a);
                    tryRead(frame.manifest(), bad);
                }
            }
        }
    }

    /** What the serializer turns into a dropped frame; anything else would tear the connection down. */
    private static void tryRead(String manifest, byte[] bytes) {
        try {
            read(manifest, bytes);
        } catch (IllegalArgumentException | BufferUnderflowException refused) {
            assertThat(refused).isNotNull();
        }
    }
}
