package dev.sampo.ingestion.source;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Decimals;
import dev.sampo.model.data.RawRow;
import dev.sampo.model.data.Row;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Splits records that hold no quote straight from their bytes, and is the row it gives: cells are ranges of bytes, numbers are
 * read from them without a text. Such records mean the same as to {@link CsvRows}. One span, one owner.
 */
final class PlainCsv implements RawRow {
    private final byte[] bytes;
    private final RecordBoundaries.Dialect dialect;
    private final boolean trims;
    private final byte[][] missing;
    private final int missingLengthMax;
    /** Whether a missing text begins with the byte: most cells need not be compared. */
    private final boolean[] missingStart = new boolean[256];

    private int[] starts = new int[32];
    private int[] ends = new int[32];
    private int size;

    PlainCsv(byte[] bytes, RecordBoundaries.Dialect dialect, boolean trims, List<String> missing) {
        this.bytes = bytes;
        this.dialect = dialect;
        this.trims = trims;
        this.missing = missing.stream()
                .map(each -> each.getBytes(StandardCharsets.UTF_8))
                .toArray(byte[][]::new);
        missingLengthMax =
                Arrays.stream(this.missing).mapToInt(each -> each.length).max().orElse(-1);
        for (byte[] each : this.missing) {
            if (each.length > 0) {
                missingStart[each[0] & 0xff] = true;
            }
        }
    }

    /** Whether no byte is the quote. */
    static boolean isPlain(byte[] bytes, int quote) {
        for (byte each : bytes) {
            if (each == quote) {
                return false;
            }
        }
        return true;
    }

    /**
     * Gives all records.
     *
     * @param width cells of a good record
     * @return number of records
     */
    int read(long firstLine, int width, RecordFormat.Sink sink) throws IOException {
        int number = 0;
        long line = firstLine;
        for (int at = 0; at < bytes.length; line++) {
            at = split(at);
            if (size == 1 && isBlank()) {
                continue;
            }
            if (size == width) {
                if (trims) {
                    trim();
                }
                sink.row(number, line, this);
            } else {
                sink.bad(number, line, new BadRecordException("expected " + width + " fields, found " + size));
            }
            number++;
        }
        return number;
    }

    /** Finds the cells of the line that begins at {@code from}; gives the beginning of the next. */
    private int split(int from) {
        int delimiter = dialect.delimiter();
        size = 0;
        int start = from;
        int at = from;
        for (; at < bytes.length; at++) {
            byte b = bytes[at];
            if (b == delimiter) {
                cell(start, at);
                start = at + 1;
            } else if (b == '\n' || b == '\r') {
                break;
            }
        }
        cell(start, at);
        boolean two = at + 1 < bytes.length && bytes[at] == '\r' && bytes[at + 1] == '\n';
        return at + (two ? 2 : 1);
    }

    private void cell(int start, int end) {
        if (size == starts.length) {
            starts = Arrays.copyOf(starts, 2 * size);
            ends = Arrays.copyOf(ends, 2 * size);
        }
        starts[size] = start;
        ends[size++] = end;
    }

    private boolean isBlank() {
        for (int at = starts[0]; at < ends[0]; at++) {
            if (!dialect.isBlank(bytes[at])) {
                return false;
            }
        }
        return true;
    }

    private void trim() {
        for (int i = 0; i < size; i++) {
            int start = starts[i];
            int end = ends[i];
            while (start < end && bytes[start] >= 0 && Character.isWhitespace(bytes[start])) {
                start++;
            }
            while (end > start && bytes[end - 1] >= 0 && Character.isWhitespace(bytes[end - 1])) {
                end--;
            }
            starts[i] = start;
            ends[i] = end;
            if (start < end && (bytes[start] < 0 || bytes[end - 1] < 0)) {
                trimUnicode(i);
            }
        }
    }

    /** White space beyond ASCII, such as the ideographic space. */
    private void trimUnicode(int i) {
        String text = new String(bytes, starts[i], ends[i] - starts[i], StandardCharsets.UTF_8);
        int from = 0;
        int to = text.length();
        while (from < to && Character.isWhitespace(text.charAt(from))) {
            from++;
        }
        while (to > from && Character.isWhitespace(text.charAt(to - 1))) {
            to--;
        }
        starts[i] += text.substring(0, from).getBytes(StandardCharsets.UTF_8).length;
        ends[i] -= text.substring(to).getBytes(StandardCharsets.UTF_8).length;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public boolean isMissing(int cell) {
        int length = ends[cell] - starts[cell];
        if (length > missingLengthMax || length > 0 && !missingStart[bytes[starts[cell]] & 0xff]) {
            return false;
        }
        for (byte[] each : missing) {
            if (each.length == length && Arrays.equals(each, 0, length, bytes, starts[cell], ends[cell])) {
                return true;
            }
        }
        return false;
    }

    @Override
    public @Nullable String text(int cell) {
        return isMissing(cell)
                ? null
                : new String(bytes, starts[cell], ends[cell] - starts[cell], StandardCharsets.UTF_8);
    }

    @Override
    public double number(int cell) {
        if (isMissing(cell)) {
            throw new NumberFormatException("missing");
        }
        return Decimals.parse(bytes, starts[cell], ends[cell]);
    }

    @Override
    public Row.@Nullable Vector vector() {
        return null;
    }
}
