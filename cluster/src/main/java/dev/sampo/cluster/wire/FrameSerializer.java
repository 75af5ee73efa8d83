package dev.sampo.cluster.wire;

import java.io.NotSerializableException;
import java.nio.BufferOverflowException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.ServiceLoader;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.serialization.ByteBufferSerializer;
import org.apache.pekko.serialization.SerializerWithStringManifest;

/** Sends every {@link Frame} through the buffer that Artery hands out, with the {@link FrameCodec}s on the class path. */
public final class FrameSerializer extends SerializerWithStringManifest implements ByteBufferSerializer {
    private static final int IDENTIFIER = 7201;
    private final Map<String, FrameCodec.Reader> readers = new HashMap<>();
    private final FrameContext context;

    public FrameSerializer(ExtendedActorSystem system) {
        for (FrameCodec codec : ServiceLoader.load(FrameCodec.class, FrameSerializer.class.getClassLoader())) {
            readers.putAll(codec.readers());
        }
        context = new SystemContext(system);
    }

    @Override
    public int identifier() {
        return IDENTIFIER;
    }

    @Override
    public String manifest(Object message) {
        return ((Frame) message).manifest();
    }

    @Override
    public void toBinary(Object message, ByteBuffer target) {
        target.order(ByteOrder.LITTLE_ENDIAN);
        ((Frame) message).write(target, context);
    }

    @Override
    public byte[] toBinary(Object message) {
        // Only first contacts take this path (inside a sharding envelope); they are small, so grow from small.
        for (int capacity = 4096; ; capacity = Math.min(capacity * 16, Frame.BYTES_MAX)) {
            ByteBuffer buffer = ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN);
            try {
                ((Frame) message).write(buffer, context);
                return Arrays.copyOf(buffer.array(), buffer.position());
            } catch (BufferOverflowException e) {
                if (capacity == Frame.BYTES_MAX) {
                    throw e;
                }
            }
        }
    }

    @Override
    public Object fromBinary(ByteBuffer source, String manifest) throws NotSerializableException {
        FrameCodec.Reader reader = readers.get(manifest);
        if (reader == null) {
            throw new NotSerializableException("no codec for frame \"" + manifest + "\"; is the peer another version?");
        }
        source.order(ByteOrder.LITTLE_ENDIAN);
        try {
            return reader.read(source, context);
        } catch (IllegalArgumentException | BufferUnderflowException e) {
            // Any other exception would tear the connection down; a bad frame is dropped and logged.
            var refused = new NotSerializableException("malformed frame \"" + manifest + "\": " + e.getMessage());
            refused.initCause(e);
            throw refused;
        }
    }

    @Override
    public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
        return fromBinary(ByteBuffer.wrap(bytes), manifest);
    }

    private record SystemContext(ExtendedActorSystem system) implements FrameContext {
        @Override
        public String toText(ActorRef<?> ref) {
            return resolver().toSerializationFormat(ref);
        }

        @Override
        public <T> ActorRef<T> toRef(String text) {
            return resolver().resolveActorRef(text);
        }

        // Looked up late: while the system starts, this serializer exists before the typed extension may.
        private ActorRefResolver resolver() {
            return ActorRefResolver.get(Adapter.toTyped(system));
        }
    }
}
