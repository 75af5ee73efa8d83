package dev.sampo.ingestion.source;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Comma- and tab-separated values (RFC 4180): quotes, line ends inside them, blanks around values. Spans without a quote are
 * split by {@link PlainCsv}, others by FastCSV.
 */
final class CsvFormat implements RecordFormat {
    private final FormatSpec spec;
    private final Set<String> missing;
    private final RecordBoundaries.Dialect dialect;

    CsvFormat(FormatSpec spec) {
        this.spec = spec;
        missing = Set.copyOf(spec.missingTexts());
        dialect = new RecordBoundaries.Dialect(spec.quoteChar(), spec.delimiterChar(), spec.trims());
    }

    @Override
    public Scan scan(Path file, @Nullable Path labels, int records) throws IOException {
        List<String> columns = spec.hasHeader() ? header(file) : List.of();
        if (spec.columns() != null) {
            columns = spec.columns();
        }
        return new Scan(columns, null, 0, new LineScanner(dialect, records, spec.hasHeader()).scan(file));
    }

    private List<String> header(Path file) throws IOException {
        List<String> names = new ArrayList<>();
        for (String field : firstRecord(file)) {
            String name = field == null ? "" : field;
            if (name.isEmpty() || names.contains(name)) {
                throw new BadSourceException(file + ": the header names \"" + name + "\" twice or leaves it empty;"
                        + " if there is no header set data.format.columns");
            }
            names.add(name);
        }
        return names;
    }

    private @Nullable String[] firstRecord(Path file) throws IOException {
        List<Span> spans = new LineScanner(dialect, 1, false).scan(file, 1);
        if (spans.isEmpty()) {
            throw new BadSourceException(file + ": no header; the file has no lines with text");
        }
        try {
            return reader(Set.of(""))
                    .parse(new String(bytes(file, spans.get(0)), StandardCharsets.UTF_8))
                    .get(0)
                    .cells();
        } catch (CsvParseException | IndexOutOfBoundsException e) {
            throw new BadSourceException(
                    file + ": the header, line " + spans.get(0).firstLine() + ", can't be read: " + e.getMessage(), e);
        }
    }

    private static byte[] bytes(Path file, Span span) throws IOException {
        return LineScanner.bytes(file, span.offset(), span.length());
    }

    private CsvRows reader(Set<String> missingTexts) {
        return new CsvRows(
                CsvReader.builder()
                        .fieldSeparator(spec.delimiterChar())
                        .quoteCharacter(spec.quoteChar())
                        .trimWhitespacesAroundQuotes(spec.trims())
                        .extraFieldStrategy(FieldMismatchStrategy.IGNORE)
                        .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
                        .skipEmptyLines(true),
                dialect,
                spec.trims(),
                missingTexts);
    }

    @Override
    public void read(Path file, @Nullable Path labels, Schema schema, Span span, Sink sink) throws IOException {
        byte[] bytes = bytes(file, span);
        if (PlainCsv.isPlain(bytes, dialect.quote())) {
            PlainCsv plain = new PlainCsv(bytes, dialect, spec.trims(), spec.missingTexts());
            if (plain.read(span.firstLine(), schema.columns().size(), sink) != span.records()) {
                throw changed(file, span);
            }
            return;
        }
        CsvRows rows = reader(missing);
        List<CsvRows.Line> lines;
        try {
            lines = rows.parse(new String(bytes, StandardCharsets.UTF_8));
        } catch (CsvParseException e) {
            lines = List.of();
        }
        if (lines.size() == span.records()) {
            int number = 0;
            for (CsvRows.Line line : lines) {
                give(number++, span.firstLine() + line.number() - 1, line.cells(), schema, sink);
            }
        } else {
            readOneByOne(file, bytes, span, rows, schema, sink);
        }
    }

    /** A record of this span breaks the rules of CSV: it alone shall be bad. */
    private void readOneByOne(Path file, byte[] bytes, Span span, CsvRows rows, Schema schema, Sink sink)
            throws IOException {
        int[] number = {0};
        var boundaries = new RecordBoundaries(dialect, 0, span.firstLine(), (start, end, line) -> {
            String text = new String(bytes, (int) start, (int) (end - start), StandardCharsets.UTF_8);
            try {
                List<CsvRows.Line> parsed = rows.parse(text);
                if (parsed.size() == 1) {
                    give(number[0], line, parsed.get(0).cells(), schema, sink);
                } else {
                    sink.bad(number[0], line, new BadRecordException("a quote is out of place"));
                }
            } catch (CsvParseException e) {
                Throwable cause = e.getCause() == null ? e : e.getCause();
                sink.bad(number[0], line, new BadRecordException("a quote is out of place: " + cause.getMessage()));
            }
            number[0]++;
        });
        boundaries.feed(bytes, bytes.length);
        if (!boundaries.finish() || number[0] != span.records()) {
            throw changed(file, span);
        }
    }

    private static BadSourceException changed(Path file, Span span) {
        return new BadSourceException(file + ", from line " + span.firstLine()
                + ", has other records than when it was indexed; did it change?");
    }

    private static void give(int number, long line, @Nullable String[] cells, Schema schema, Sink sink)
            throws IOException {
        int width = schema.columns().size();
        if (cells.length == width) {
            sink.row(number, line, new Row(cells, null));
        } else {
            sink.bad(number, line, new BadRecordException("expected " + width + " fields, found " + cells.length));
        }
    }
}
