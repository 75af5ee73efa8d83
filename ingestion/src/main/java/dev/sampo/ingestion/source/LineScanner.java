package dev.sampo.ingestion.source;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Finds the records of a text file: lines that are not blank; a line end inside quotes does not end one. */
final class LineScanner {
    private static final int SPAN_BYTES = 1 << 20;
    private static final int RECORD_BYTES_MAX = 64 << 20;
    private final int quote;
    private final int recordsMax;
    private final boolean skipFirst;
    private final List<Span> spans = new ArrayList<>();
    private long spanStart;
    private long spanLine = 1;
    private long recordsBefore;
    private int records;

    /**
     * @param quote the quote character, or -1 if quotes mean nothing
     * @param skipFirst whether the first record is a header
     */
    LineScanner(int quote, int recordsMax, boolean skipFirst) {
        this.quote = quote;
        this.recordsMax = recordsMax;
        this.skipFirst = skipFirst;
    }

    List<Span> scan(Path file) throws IOException {
        byte[] buffer = new byte[1 << 16];
        long at = 0;
        long line = 1;
        long recordStart = 0;
        boolean quoted = false;
        boolean blank = true;
        boolean header = skipFirst;
        try (InputStream in = Files.newInputStream(file)) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                for (int i = 0; i < read; i++) {
                    byte b = buffer[i];
                    at++;
                    if (b == '\n') {
                        line++;
                        if (!quoted) {
                            if (header && !blank) {
                                header = false;
                                beginSpan(at, line);
                            } else if (!header && !blank) {
                                record(at, line);
                            }
                            blank = true;
                            recordStart = at;
                        }
                    } else {
                        quoted ^= b == quote;
                        blank &= b == ' ' || b == '\r' || b == '\t';
                    }
                }
                if (at - recordStart > RECORD_BYTES_MAX) {
                    throw new BadSourceException(file + ": the record that begins at byte " + recordStart
                            + " is longer than " + (RECORD_BYTES_MAX >> 20) + " MiB; is a quote not closed?");
                }
            }
        }
        if (quoted) {
            throw new BadSourceException(
                    file + ": a quote that opens in the record at byte " + recordStart + " is never closed");
        }
        if (!header && !blank) {
            record(at, line);
        }
        endSpan(at);
        return spans;
    }

    private void record(long end, long nextLine) {
        records++;
        if (records == recordsMax || end - spanStart >= SPAN_BYTES) {
            endSpan(end);
            beginSpan(end, nextLine);
        }
    }

    private void beginSpan(long start, long line) {
        spanStart = start;
        spanLine = line;
    }

    private void endSpan(long end) {
        if (records > 0) {
            spans.add(new Span(spanStart, Math.toIntExact(end - spanStart), recordsBefore, spanLine, records));
            recordsBefore += records;
            records = 0;
        }
    }

    /** The bytes of a span as text. */
    static String text(Path file, Span span) throws IOException {
        return new String(bytes(file, span.offset(), span.length()), StandardCharsets.UTF_8);
    }

    static byte[] bytes(Path file, long offset, int length) throws IOException {
        byte[] bytes = new byte[length];
        try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
            in.seek(offset);
            in.readFully(bytes);
        }
        return bytes;
    }
}
