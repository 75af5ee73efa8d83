package dev.sampo.ingestion.source;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Cuts a text file into spans of whole records in one pass over its bytes; its memory is the list of spans. */
final class LineScanner {
    private static final int SPAN_BYTES = 1 << 20;
    private static final int RECORD_BYTES_MAX = 64 << 20;
    private static final byte[] BOM = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};
    private final RecordBoundaries.Dialect dialect;
    private final int recordsMax;
    private final List<Span> spans = new ArrayList<>();
    private boolean header;
    private long spanStart;
    private long spanEnd;
    private long spanLine = 1;
    private long recordsBefore;
    private int records;

    /** {@code hasHeader} tells whether the first record is one. */
    LineScanner(RecordBoundaries.Dialect dialect, int recordsMax, boolean hasHeader) {
        this.dialect = dialect;
        this.recordsMax = recordsMax;
        header = hasHeader;
    }

    List<Span> scan(Path file) throws IOException {
        return scan(file, Integer.MAX_VALUE);
    }

    /** Reads on until it has at least {@code spansMin} spans. */
    List<Span> scan(Path file, int spansMin) throws IOException {
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(file)) {
            int read = in.readNBytes(buffer, 0, BOM.length);
            boolean marked = read == BOM.length && java.util.Arrays.equals(buffer, 0, read, BOM, 0, read);
            var boundaries = new RecordBoundaries(dialect, marked ? read : 0, 1, this::record);
            for (read = marked ? 0 : read; read >= 0 && spans.size() < spansMin; read = in.read(buffer)) {
                boundaries.feed(buffer, read);
                if (boundaries.openBytes() > RECORD_BYTES_MAX) {
                    throw new BadSourceException(file + ": the record that begins at byte " + boundaries.openedAt()
                            + " is longer than " + (RECORD_BYTES_MAX >> 20) + " MiB; is a quote not closed?");
                }
            }
            if (spans.size() < spansMin && !boundaries.finish()) {
                throw new BadSourceException(file + ": a quote that opens in the record at byte "
                        + boundaries.openedAt() + " is never closed");
            }
        }
        endSpan();
        return spans;
    }

    private void record(long start, long end, long line) {
        if (header) {
            header = false;
            return;
        }
        if (records == 0) {
            spanStart = start;
            spanLine = line;
        }
        spanEnd = end;
        records++;
        if (records == recordsMax || spanEnd - spanStart >= SPAN_BYTES) {
            endSpan();
        }
    }

    private void endSpan() {
        if (records > 0) {
            spans.add(new Span(spanStart, Math.toIntExact(spanEnd - spanStart), recordsBefore, spanLine, records));
            recordsBefore += records;
            records = 0;
        }
    }

    /** Takes a span's lines that are not blank. */
    @FunctionalInterface
    interface Lines {
        void line(int number, long line, String text) throws IOException;
    }

    /** The records of a span of a file in which every line is one. */
    static void lines(Path file, Span span, Lines lines) throws IOException {
        byte[] bytes = bytes(file, span.offset(), span.length());
        int[] number = {0};
        var boundaries = new RecordBoundaries(
                RecordBoundaries.Dialect.LINES,
                0,
                span.firstLine(),
                (start, end, line) -> lines.line(
                        number[0]++,
                        line,
                        new String(bytes, (int) start, (int) (end - start), StandardCharsets.UTF_8).stripTrailing()));
        boundaries.feed(bytes, bytes.length);
        boundaries.finish();
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
