package dev.sampo.model.feature;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Reads written statistics and trusts none of their sizes; what is wrong throws {@link IllegalArgumentException}. */
final class StatisticsReader {
    private final ByteBuffer in;

    StatisticsReader(byte[] bytes) {
        in = ByteBuffer.wrap(bytes);
    }

    void require(boolean holds, String problem) {
        if (!holds) {
            throw new IllegalArgumentException(
                    "damaged fit statistics, before byte " + in.position() + ": " + problem + "; index again");
        }
    }

    private void need(long bytes) {
        require(bytes >= 0 && bytes <= in.remaining(), bytes + " bytes expected, " + in.remaining() + " left");
    }

    int integer() {
        need(Integer.BYTES);
        return in.getInt();
    }

    double real() {
        need(Double.BYTES);
        return in.getDouble();
    }

    /** A number of things from 0 to {@code max}. */
    long count(long max) {
        need(Long.BYTES);
        long count = in.getLong();
        require(count >= 0 && count <= max, "count " + count + " is not within 0 and " + max);
        return count;
    }

    /** A number of items that follow, each of at least {@code itemBytes}: what is left must hold them. */
    int items(int itemBytes) {
        int items = integer();
        need((long) items * itemBytes);
        return items;
    }

    byte[] bytes() {
        byte[] bytes = new byte[items(1)];
        in.get(bytes);
        return bytes;
    }

    String text() {
        byte[] utf8 = bytes();
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("damaged fit statistics: a text is not UTF-8; index again", e);
        }
    }

    /** Adds at most {@code max} counts by text, in ascending order, that sum to {@code rows}. */
    void counts(Counts into, int max, long rows) {
        int items = items(Integer.BYTES + Long.BYTES);
        require(items <= max, items + " different values, at most " + max + " are gathered");
        long left = rows;
        String last = null;
        for (int i = 0; i < items; i++) {
            String text = text();
            long count = count(left);
            require(last == null || last.compareTo(text) < 0, "values out of order");
            into.add(text, count);
            left -= count;
            last = text;
        }
        require(left == 0, "counts of " + (rows - left) + " rows for " + rows);
    }

    void end() {
        require(!in.hasRemaining(), in.remaining() + " bytes too many");
    }
}
