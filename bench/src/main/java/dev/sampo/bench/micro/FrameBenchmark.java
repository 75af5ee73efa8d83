package dev.sampo.bench.micro;

import dev.sampo.bench.limit.Wire;
import dev.sampo.cluster.wire.Frame;
import dev.sampo.cluster.wire.FrameSerializer;
import dev.sampo.parameter.shard.ShardMessages.Contribute;
import java.io.NotSerializableException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** The data plane's serializer on a contribution: into and out of a buffer such as the transport hands out. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class FrameBenchmark {
    /** Values in the frame; the last is the largest shard, 1 MiB. */
    @Param({"16", "16384", "262144"})
    public int floats;

    private ActorSystem<Void> system;
    private FrameSerializer serializer;
    private Contribute message;
    private ByteBuffer written;
    private ByteBuffer target;

    @Setup
    public void setup() {
        system = ActorSystem.create(Behaviors.empty(), "bench", Wire.config());
        serializer = new FrameSerializer((ExtendedActorSystem) Adapter.toClassic(system));
        message = Wire.contribute(new float[floats], 0, system.ignoreRef());
        target = ByteBuffer.allocateDirect(Frame.BYTES_MAX);
        written = ByteBuffer.allocateDirect(Frame.BYTES_MAX);
        serializer.toBinary(message, written);
        written.flip();
    }

    @Benchmark
    public ByteBuffer write() {
        target.clear();
        serializer.toBinary(message, target);
        return target;
    }

    @Benchmark
    public Object read() throws NotSerializableException {
        return serializer.fromBinary(written.duplicate(), message.manifest());
    }

    @TearDown
    public void stop() {
        system.terminate();
    }
}
