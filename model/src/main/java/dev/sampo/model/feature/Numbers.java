package dev.sampo.model.feature;

import dev.sampo.model.data.BadRecordException;
import org.jspecify.annotations.Nullable;

/** Numbers out of raw cells. */
final class Numbers {
    static final long HASH_START = 0xcbf29ce484222325L;
    /** Powers of ten that a double holds exactly. */
    private static final double[] TENS = {
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15
    };

    private Numbers() {}

    /** The finite number of a cell; an error that names the column otherwise. */
    static double parse(String column, @Nullable String cell) throws BadRecordException {
        if (cell == null) {
            throw new BadRecordException("column " + column + ": the value is missing; add impute to its feature");
        }
        double value;
        try {
            value = parseDouble(cell);
        } catch (NumberFormatException e) {
            throw new BadRecordException("column " + column + ": \"" + shorten(cell) + "\" is not a number");
        }
        return finite(column, value);
    }

    /** The value itself if float32, which the model computes in, can hold it. */
    static double finite(String column, double value) throws BadRecordException {
        if (!Double.isFinite(value)) {
            throw new BadRecordException("column " + column + ": " + value + " is not a finite number");
        }
        if (Float.isInfinite((float) value)) {
            throw new BadRecordException("column " + column + ": " + value + " is beyond the range of float32");
        }
        return value;
    }

    /**
     * {@link Double#parseDouble} without Java's own {@code 1d}, {@code 1f} and {@code 0x1p0}. Digits that make an integer below
     * 10^15, over a power of ten up to 10^15, need one correctly rounded division: Clinger, "How to Read Floating Point Numbers
     * Accurately", 1990, the fast case.
     */
    static double parseDouble(String text) {
        int length = text.length();
        int at = length > 0 && (text.charAt(0) == '-' || text.charAt(0) == '+') ? 1 : 0;
        int digits = 0;
        int decimals = -1;
        long mantissa = 0;
        for (int i = at; i < length; i++) {
            char c = text.charAt(i);
            if (c == '.' && decimals < 0) {
                decimals = 0;
            } else if (c >= '0' && c <= '9' && digits < 15) {
                mantissa = 10 * mantissa + (c - '0');
                digits++;
                decimals = decimals < 0 ? decimals : decimals + 1;
            } else {
                return parseSlowly(text);
            }
        }
        if (digits == 0) {
            return parseSlowly(text);
        }
        double value = mantissa / TENS[Math.max(decimals, 0)];
        return text.charAt(0) == '-' ? -value : value;
    }

    private static double parseSlowly(String text) {
        String trimmed = text.trim();
        char last = trimmed.isEmpty() ? ' ' : trimmed.charAt(trimmed.length() - 1);
        if ("dDfF".indexOf(last) >= 0 || trimmed.indexOf('x') >= 0 || trimmed.indexOf('X') >= 0) {
            throw new NumberFormatException("a suffix or hexadecimal digits of Java's own");
        }
        return Double.parseDouble(trimmed);
    }

    private static String shorten(String cell) {
        return cell.length() <= 40 ? cell : cell.substring(0, 40) + "…";
    }

    /** The bucket of a text: 64-bit FNV-1a with a final mix, stable for ever, unlike hashCode's contract. */
    static int bucket(String text, int buckets) {
        return bucket(hash(HASH_START, text), buckets);
    }

    /** FNV-1a over the text's UTF-16 units, going on from the hash of what comes before it. */
    static long hash(long start, String text) {
        long h = start;
        for (int i = 0; i < text.length(); i++) {
            h = (h ^ text.charAt(i)) * 0x100000001b3L;
        }
        return h;
    }

    /** The bucket of a {@link #hash}. */
    static int bucket(long hash, int buckets) {
        long h = (hash ^ hash >>> 33) * 0xff51afd7ed558ccdL;
        h ^= h >>> 33;
        return (int) Long.remainderUnsigned(h, buckets);
    }
}
