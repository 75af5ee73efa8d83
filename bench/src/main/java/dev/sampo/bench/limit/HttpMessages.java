package dev.sampo.bench.limit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Tells where one connection's messages end: a known start, a {@code Content-Length}, that many bytes. One thread. */
final class HttpMessages {
    private static final byte[] LENGTH = "content-length:".getBytes(StandardCharsets.US_ASCII);

    private final byte[] start;
    private byte[] head = new byte[1 << 10];
    private int headSize;
    private long bodyLeft = -1;

    /** @param start of each message's first line; any other one is an error */
    HttpMessages(String start) {
        this.start = start.getBytes(StandardCharsets.US_ASCII);
    }

    /** Takes what arrived; true if it completes a message. */
    boolean take(ByteBuffer in) throws IOException {
        if (bodyLeft < 0) {
            if (head.length < headSize + in.remaining()) {
                head = Arrays.copyOf(head, 2 * (headSize + in.remaining()));
            }
            int arrived = in.remaining();
            in.get(head, headSize, arrived);
            int from = Math.max(0, headSize - 3);
            headSize += arrived;
            int end = endOfHead(from);
            if (end < 0) {
                return false;
            }
            bodyLeft = contentLength(end) - (headSize - end);
        } else {
            bodyLeft -= in.remaining();
        }
        if (bodyLeft < 0) {
            throw new IOException("a message is longer than it said");
        }
        if (bodyLeft > 0) {
            return false;
        }
        headSize = 0;
        bodyLeft = -1;
        return true;
    }

    /** Where the body begins, or -1. */
    private int endOfHead(int from) {
        for (int i = from; i + 3 < headSize; i++) {
            if (head[i] == '\r' && head[i + 1] == '\n' && head[i + 2] == '\r' && head[i + 3] == '\n') {
                return i + 4;
            }
        }
        return -1;
    }

    private long contentLength(int end) throws IOException {
        if (!startsWith(0, start)) {
            throw new IOException("expected \"" + new String(start, StandardCharsets.US_ASCII) + "\", was \""
                    + new String(head, 0, headSize, StandardCharsets.UTF_8) + "\"");
        }
        for (int i = start.length; i + LENGTH.length < end; i++) {
            if (head[i] == '\n' && startsWith(i + 1, LENGTH)) {
                int line = i + 1 + LENGTH.length;
                int until = line;
                while (head[until] != '\r') {
                    until++;
                }
                return Long.parseLong(new String(head, line, until - line, StandardCharsets.US_ASCII).strip());
            }
        }
        throw new IOException("a message without Content-Length");
    }

    private boolean startsWith(int at, byte[] expectedBytes) {
        for (int i = 0; i < expectedBytes.length; i++) {
            byte expected = expectedBytes[i];
            byte actual = head[at + i];
            if (actual != expected && !(expected >= 'a' && expected <= 'z' && actual == expected - 32)) {
                return false;
            }
        }
        return true;
    }
}
