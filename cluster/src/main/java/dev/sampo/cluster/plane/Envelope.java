package dev.sampo.cluster.plane;

import dev.sampo.cluster.wire.Frame;
import dev.sampo.cluster.wire.Frames;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * How a frame lies on a connection, little-endian:
 *
 * <pre> i32 bytes that follow | text recipient | text manifest | frame </pre>
 *
 * A connection begins with {@code i32 hello bytes | text "sampo-data-1" | text token | text address of the sender}, and the other
 * end says one byte, {@link #WELCOME}, and nothing more.
 */
final class Envelope {
    /** Of the length. */
    static final int HEAD_BYTES = 4;
    /** Recipient and manifest. */
    private static final int NAMES_MAX = 4096;

    static final int BYTES_MAX = HEAD_BYTES + NAMES_MAX + Frame.BYTES_MAX;
    /** The first word of a connection; a changed layout is a new one. */
    static final String PROTOCOL = "sampo-data-1";

    static final int WELCOME = 1;

    private Envelope() {}

    /** Fills an empty buffer, to be sent from its position to its limit. */
    static void write(ByteBuffer target, String recipient, String manifest, Consumer<ByteBuffer> frame) {
        target.position(HEAD_BYTES);
        Frames.putText(target, recipient);
        Frames.putText(target, manifest);
        frame.accept(target);
        finish(target);
    }

    static void writeHello(ByteBuffer target, Token token, String sender) {
        target.position(HEAD_BYTES);
        Frames.putText(target, PROTOCOL);
        Frames.putText(target, token.text());
        Frames.putText(target, sender);
        finish(target);
    }

    private static void finish(ByteBuffer target) {
        target.putInt(0, target.position() - HEAD_BYTES);
        target.flip();
    }

    /**
     * The bytes that follow a head.
     *
     * @throws IllegalArgumentException if no envelope has so many
     */
    static int length(int head, int most) {
        if (head < 2 * Short.BYTES || head > most) {
            throw new IllegalArgumentException("an envelope of " + head + " bytes; it must be 4 to " + most);
        }
        return head;
    }
}
