package dev.sampo.model.feature;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Decimals;
import dev.sampo.model.data.RawRow;
import org.jspecify.annotations.Nullable;

/** Numbers out of raw cells. */
final class Numbers {
    static final long HASH_START = 0xcbf29ce484222325L;

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

    /** The finite number of a row's cell; an error that names the column otherwise. */
    static double of(String column, RawRow row, int cell) throws BadRecordException {
        if (row.isMissing(cell)) {
            return parse(column, null);
        }
        double value;
        try {
            value = row.number(cell);
        } catch (NumberFormatException e) {
            return parse(column, row.text(cell));
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

    /** The number of a text by the rules of {@link Decimals}. */
    static double parseDouble(String text) {
        return Decimals.parse(text);
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
