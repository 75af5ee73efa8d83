package dev.sampo.ingestion.source;

import java.io.IOException;

/**
 * Finds where the records of a text begin and end, byte by byte: a record is a line that is not blank, and a line end inside
 * a quoted field does not end one. As in RFC 4180 a quote opens only at the start of a field. Mutable; one pass, one owner.
 */
final class RecordBoundaries {
    /** Takes records in order: bytes [start, end) with the line end, beginning in line {@code line} (from 1). */
    @FunctionalInterface
    interface Found {
        void record(long start, long end, long line) throws IOException;
    }

    /**
     * What makes up a field, as bytes.
     *
     * @param quote the quote character, or -1 if quotes mean nothing
     * @param delimiter the field delimiter, or -1
     * @param blanksBeforeQuote whether blanks may stand before an opening quote
     */
    record Dialect(int quote, int delimiter, boolean blanksBeforeQuote) {
        /** Every line is a record. */
        static final Dialect LINES = new Dialect(-1, -1, false);

        boolean isBlank(int character) {
            return character != delimiter && (character == ' ' || character == '\t' || character == '\r');
        }
    }

    private final Dialect dialect;
    private final Found found;
    private long at;
    private long line;
    private long start;
    private long startLine;
    private boolean quoted;
    private boolean closed; // the byte before closed a quoted field; one more quote would be a doubled one
    private boolean fieldStart = true;
    private boolean blank = true;
    private boolean pendingReturn;

    /** The first byte to come has this offset and lies in this line. */
    RecordBoundaries(Dialect dialect, long offset, long line, Found found) {
        this.dialect = dialect;
        this.found = found;
        at = offset;
        start = offset;
        this.line = line;
        startLine = line;
    }

    void feed(byte[] bytes, int length) throws IOException {
        for (int i = 0; i < length; i++) {
            byte b = bytes[i];
            if (pendingReturn) {
                // A carriage return alone ends a line as well, but together with a line feed they are one end.
                pendingReturn = false;
                if (b != '\n') {
                    endLine();
                }
            }
            at++;
            if (b == '\n') {
                endLine();
            } else if (b == '\r' && dialect.delimiter >= 0) {
                pendingReturn = true;
            } else {
                inLine(b);
            }
        }
    }

    private void inLine(byte b) {
        blank &= dialect.isBlank(b);
        if (quoted) {
            if (b == dialect.quote) {
                quoted = false;
                closed = true;
            }
            return;
        }
        if (b == dialect.quote && (fieldStart || closed)) {
            quoted = true;
            closed = false;
            fieldStart = false;
            return;
        }
        closed = false;
        fieldStart = b == dialect.delimiter || fieldStart && dialect.blanksBeforeQuote && dialect.isBlank(b);
    }

    private void endLine() throws IOException {
        line++;
        if (!quoted) {
            endRecord();
        }
    }

    private void endRecord() throws IOException {
        if (!blank) {
            found.record(start, at, startLine);
        }
        start = at;
        startLine = line;
        blank = true;
        closed = false;
        fieldStart = true;
    }

    /** Where the record begins that is being read. */
    long openedAt() {
        return start;
    }

    /** Bytes of the record that is being read. */
    long openBytes() {
        return at - start;
    }

    /** No more bytes come. False if a quoted field is still open: then the record that began last was not reported. */
    boolean finish() throws IOException {
        if (quoted) {
            return false;
        }
        endRecord();
        return true;
    }
}
