package dev.sampo.ingestion.source;

import dev.sampo.model.data.Decimals;
import dev.sampo.model.data.Row;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads LIBSVM lines straight from their bytes, as long as they are plain: ASCII, decimal numbers, ascending indices. What it
 * gives is what {@link LibsvmFormat} gives for the line's text. One span, one owner.
 */
final class PlainLibsvm {
    private static final int INDEX_DIGITS_MAX = 9;
    private static final int KNOWN_LABELS_MAX = 16;
    private final byte[] bytes;
    private final int base;
    private final String[] knownLabels = new String[KNOWN_LABELS_MAX];
    private int known;
    private int[] indices = new int[64];
    private float[] values = new float[64];

    PlainLibsvm(byte[] bytes, int base) {
        this.bytes = bytes;
        this.base = base;
    }

    static int lineEnd(byte[] bytes, int from) {
        int at = from;
        while (at < bytes.length && bytes[at] != '\n') {
            at++;
        }
        return at;
    }

    /** Whether a line is none of the index' records. */
    static boolean isBlank(byte[] bytes, int from, int to) {
        for (int at = from; at < to; at++) {
            if (!RecordBoundaries.Dialect.LINES.isBlank(bytes[at])) {
                return false;
            }
        }
        return true;
    }

    /** The row of the line [from, to); null if it is not plain. */
    @Nullable Row row(int from, int to) {
        int at = skipBlanks(from, to);
        int labelStart = at;
        at = tokenEnd(at, to);
        String label = at == labelStart ? null : label(labelStart, at);
        if (label == null) {
            return null;
        }
        int size = 0;
        int last = -1;
        for (at = skipBlanks(at, to); at < to && bytes[at] != '#'; at = skipBlanks(at, to)) {
            int index = 0;
            int start = at;
            while (at < to && bytes[at] >= '0' && bytes[at] <= '9' && at - start < INDEX_DIGITS_MAX) {
                index = 10 * index + (bytes[at++] - '0');
            }
            index -= base;
            if (at == start || at == to || bytes[at] != ':' || index <= last) {
                return null;
            }
            int valueStart = ++at;
            at = tokenEnd(at, to);
            double value = number(valueStart, at);
            if (!Double.isFinite(value)) {
                return null;
            }
            last = index;
            if (size == indices.length) {
                indices = Arrays.copyOf(indices, 2 * size);
                values = Arrays.copyOf(values, 2 * size);
            }
            indices[size] = index;
            values[size++] = (float) value;
        }
        return new Row(new String[] {label}, new Row.Vector(Arrays.copyOf(indices, size), Arrays.copyOf(values, size)));
    }

    private int skipBlanks(int from, int to) {
        int at = from;
        while (at < to && isBlank(bytes[at])) {
            at++;
        }
        return at;
    }

    private int tokenEnd(int from, int to) {
        int at = from;
        while (at < to && !isBlank(bytes[at]) && bytes[at] != '#') {
            at++;
        }
        return at;
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t' || b == '\r' || b == '\f';
    }

    /** NaN for what {@link LibsvmFormat} shall look at. */
    private double number(int from, int to) {
        try {
            return Decimals.parse(bytes, from, to);
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    /** The label's text, null if it is not plain. A file has few labels, so most of them are known. */
    private @Nullable String label(int from, int to) {
        for (int i = 0; i < known; i++) {
            if (isSame(knownLabels[i], from, to)) {
                return knownLabels[i];
            }
        }
        for (int at = from; at < to; at++) {
            if (bytes[at] <= ' ') {
                return null;
            }
        }
        if (!Double.isFinite(number(from, to))) {
            return null;
        }
        String label = new String(bytes, from, to - from, StandardCharsets.US_ASCII);
        if (known < KNOWN_LABELS_MAX) {
            knownLabels[known++] = label;
        }
        return label;
    }

    private boolean isSame(String label, int from, int to) {
        if (label.length() != to - from) {
            return false;
        }
        for (int i = 0; i < label.length(); i++) {
            if (label.charAt(i) != bytes[from + i]) {
                return false;
            }
        }
        return true;
    }
}
