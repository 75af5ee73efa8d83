package dev.sampo.model.data;

import ch.randelshofer.fastdoubleparser.JavaDoubleParser;

/**
 * Decimal numbers, the same bits as {@link Double#parseDouble} without Java's own {@code 1d}, {@code 1f} and {@code 0x1p0}.
 * Digits that make an integer up to 2^53, over a power of ten up to 10^22, need one correctly rounded division: Clinger, "How
 * to Read Floating Point Numbers Accurately", 1990, the fast case. All others are the library's.
 */
public final class Decimals {
    private static final long EXACT_MAX = 1L << 53;
    /** So many digits can't overflow a long. */
    private static final int DIGITS_MAX = 18;
    /** Powers of ten that a double holds exactly. */
    private static final double[] TENS = {
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22
    };

    private Decimals() {}

    /**
     * The number that ASCII bytes [from, to) hold; blanks around it are allowed.
     *
     * @throws NumberFormatException if it is none
     */
    public static double parse(byte[] text, int from, int to) {
        boolean negative = from < to && text[from] == '-';
        int first = negative || from < to && text[from] == '+' ? from + 1 : from;
        int point = -1;
        long mantissa = 0;
        int at = first;
        for (; at < to; at++) {
            int digit = text[at] - '0';
            if (digit >= 0 && digit <= 9) {
                mantissa = 10 * mantissa + digit;
            } else if (digit == '.' - '0' && point < 0) {
                point = at;
            } else {
                break;
            }
        }
        int digits = at - first - (point < 0 ? 0 : 1);
        if (at < to || digits < 1 || digits > DIGITS_MAX || mantissa > EXACT_MAX) {
            return parseSlowly(text, from, to);
        }
        double value = mantissa / TENS[point < 0 ? 0 : at - 1 - point];
        return negative ? -value : value;
    }

    /** The same of a text. */
    public static double parse(String text) {
        int length = text.length();
        boolean negative = length > 0 && text.charAt(0) == '-';
        int first = negative || length > 0 && text.charAt(0) == '+' ? 1 : 0;
        int point = -1;
        long mantissa = 0;
        int at = first;
        for (; at < length; at++) {
            int digit = text.charAt(at) - '0';
            if (digit >= 0 && digit <= 9) {
                mantissa = 10 * mantissa + digit;
            } else if (digit == '.' - '0' && point < 0) {
                point = at;
            } else {
                break;
            }
        }
        int digits = at - first - (point < 0 ? 0 : 1);
        if (at < length || digits < 1 || digits > DIGITS_MAX || mantissa > EXACT_MAX) {
            return parseSlowly(text);
        }
        double value = mantissa / TENS[point < 0 ? 0 : at - 1 - point];
        return negative ? -value : value;
    }

    private static double parseSlowly(byte[] text, int from, int to) {
        int first = from;
        int end = to;
        while (first < end && text[first] >= 0 && text[first] <= ' ') {
            first++;
        }
        while (end > first && text[end - 1] >= 0 && text[end - 1] <= ' ') {
            end--;
        }
        boolean own = first < end && "dDfF".indexOf(text[end - 1]) >= 0;
        for (int at = first; at < end; at++) {
            own |= text[at] == 'x' || text[at] == 'X';
        }
        if (own) {
            throw new NumberFormatException("a suffix or hexadecimal digits of Java's own");
        }
        return JavaDoubleParser.parseDouble(text, first, end - first);
    }

    private static double parseSlowly(String text) {
        String trimmed = text.trim();
        char last = trimmed.isEmpty() ? ' ' : trimmed.charAt(trimmed.length() - 1);
        if ("dDfF".indexOf(last) >= 0 || trimmed.indexOf('x') >= 0 || trimmed.indexOf('X') >= 0) {
            throw new NumberFormatException("a suffix or hexadecimal digits of Java's own");
        }
        return JavaDoubleParser.parseDouble(trimmed);
    }
}
