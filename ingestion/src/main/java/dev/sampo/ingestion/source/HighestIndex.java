package dev.sampo.ingestion.source;

/** The highest index before a colon in LIBSVM text, comments apart: indices ascend, but a line may be damaged. */
final class HighestIndex {
    private static final int DIGITS_MAX = 9;
    private int highest;
    private int digits;
    private int run;
    /** The last index of the line that is being read. */
    private int last;

    private boolean comment;
    private boolean lineStart = true;
    /** Whether the run of digits began with the line: then it is its label. */
    private boolean label;

    void feed(byte[] bytes, int length) {
        for (int i = 0; i < length; i++) {
            byte b = bytes[i];
            if (b == '\n') {
                endLine();
            } else if (!comment) {
                inLine(b);
            }
        }
    }

    private void inLine(byte b) {
        if (b >= '0' && b <= '9') {
            label = digits == 0 ? lineStart : label;
            run = digits < DIGITS_MAX ? 10 * run + (b - '0') : run;
            digits++;
        } else {
            if (b == ':') {
                last = digits >= 1 && digits <= DIGITS_MAX && !label ? run : 0;
            }
            comment = b == '#';
            digits = 0;
            run = 0;
        }
        lineStart = false;
    }

    private void endLine() {
        highest = Math.max(highest, last);
        last = 0;
        digits = 0;
        run = 0;
        comment = false;
        lineStart = true;
        label = false;
    }

    /** No more bytes come. */
    int end() {
        endLine();
        return highest;
    }
}
