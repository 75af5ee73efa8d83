package dev.sampo.model.feature;

import dev.sampo.model.data.BadRecordException;
import org.jspecify.annotations.Nullable;

/** Numbers out of raw cells. */
final class Numbers {
    private Numbers() {}

    /** The finite number of a cell; an error that names the column otherwise. */
    static double parse(String column, @Nullable String cell) throws BadRecordException {
        if (cell == null) {
            throw new BadRecordException("column " + column + ": the value is missing; add impute to its feature");
        }
        double value;
        try {
            value = Double.parseDouble(cell);
        } catch (NumberFormatException e) {
            throw new BadRecordException("column " + column + ": \"" + shorten(cell) + "\" is not a number");
        }
        return finite(column, value);
    }

    static double finite(String column, double value) throws BadRecordException {
        if (!Double.isFinite(value)) {
            throw new BadRecordException("column " + column + ": " + value + " is not a finite number");
        }
        return value;
    }

    private static String shorten(String cell) {
        return cell.length() <= 40 ? cell : cell.substring(0, 40) + "…";
    }

    /** 64-bit FNV-1a over the text's UTF-16 units with a final mix: stable for ever, unlike hashCode's contract. */
    static int bucket(String text, int buckets) {
        long h = 0xcbf29ce484222325L;
        for (int i = 0; i < text.length(); i++) {
            h = (h ^ text.charAt(i)) * 0x100000001b3L;
        }
        h = (h ^ h >>> 33) * 0xff51afd7ed558ccdL;
        h ^= h >>> 33;
        return (int) Long.remainderUnsigned(h, buckets);
    }
}
