package dev.sampo.ingestion.source;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Comma- and tab-separated values by FastCSV (RFC 4180): quotes, line ends inside them, blanks around values. */
final class CsvFormat implements RecordFormat {
    private final FormatSpec spec;
    private final Set<String> missing;

    CsvFormat(FormatSpec spec) {
        this.spec = spec;
        missing = Set.copyOf(spec.missingTexts());
    }

    @Override
    public Scan scan(Path file, @Nullable Path labels, int records) throws IOException {
        List<String> columns = spec.hasHeader() ? header(file) : List.of();
        if (spec.columns() != null) {
            columns = spec.columns();
        }
        return new Scan(columns, null, 0, new LineScanner(spec.quoteChar(), records, spec.hasHeader()).scan(file));
    }

    private List<String> header(Path file) throws IOException {
        try (BufferedReader in = Files.newBufferedReader(file, StandardCharsets.UTF_8);
                CsvReader<CsvRecord> csv = reader().detectBomHeader(false).ofCsvRecord(in)) {
            var records = csv.iterator();
            if (!records.hasNext()) {
                throw new BadSourceException(file + ": no header; the file has no lines with text");
            }
            List<String> names = new ArrayList<>();
            for (String field : records.next().getFields()) {
                String name = (spec.trims() ? field.strip() : field).replace("\uFEFF", "");
                if (name.isEmpty() || names.contains(name)) {
                    throw new BadSourceException(file + ": the header names \"" + name + "\" twice or leaves it empty;"
                            + " if there is no header set data.format.columns");
                }
                names.add(name);
            }
            return names;
        }
    }

    private CsvReader.CsvReaderBuilder reader() {
        return CsvReader.builder()
                .fieldSeparator(spec.delimiterChar())
                .quoteCharacter(spec.quoteChar())
                .trimWhitespacesAroundQuotes(spec.trims())
                .extraFieldStrategy(de.siegmar.fastcsv.reader.FieldMismatchStrategy.IGNORE)
                .missingFieldStrategy(de.siegmar.fastcsv.reader.FieldMismatchStrategy.IGNORE)
                .skipEmptyLines(true);
    }

    @Override
    public void read(Path file, @Nullable Path labels, Schema schema, Span span, Sink sink) throws IOException {
        int width = schema.columns().size();
        int number = 0;
        try (CsvReader<CsvRecord> csv = reader().ofCsvRecord(LineScanner.text(file, span))) {
            for (CsvRecord record : csv) {
                if (record.getFieldCount() == 1 && record.getField(0).isBlank() && width > 1) {
                    continue;
                }
                if (record.getFieldCount() == width) {
                    sink.row(number, row(record, width));
                } else {
                    sink.bad(
                            number,
                            span.firstLine() + record.getStartingLineNumber() - 1,
                            new BadRecordException("expected " + width + " fields, found " + record.getFieldCount()));
                }
                number++;
            }
        } catch (de.siegmar.fastcsv.reader.CsvParseException e) {
            throw new BadSourceException(file + ": near line " + span.firstLine() + ": " + e.getMessage(), e);
        }
        if (number != span.records()) {
            throw new BadSourceException(
                    file + ": near line " + span.firstLine() + ": " + span.records() + " records by line ends but "
                            + number + " by the CSV rules; is a quote out of place, or the file changed?");
        }
    }

    private Row row(CsvRecord record, int width) {
        @Nullable String[] cells = new String[width];
        for (int i = 0; i < width; i++) {
            String value = record.getField(i);
            String trimmed = spec.trims() ? value.strip() : value;
            cells[i] = missing.contains(trimmed) ? null : trimmed;
        }
        return new Row(cells, null);
    }
}
