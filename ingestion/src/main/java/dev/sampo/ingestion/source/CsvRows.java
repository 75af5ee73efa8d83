package dev.sampo.ingestion.source;

import de.siegmar.fastcsv.reader.AbstractBaseCsvCallbackHandler;
import de.siegmar.fastcsv.reader.CsvReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Makes cells of FastCSV's fields: blanks around unquoted values dropped, missing markers as null, blank lines skipped. */
final class CsvRows {
    /** One record's cells; {@code number} is its line within the text, from 1. */
    @SuppressWarnings("ArrayRecordComponent")
    record Line(long number, @Nullable String[] cells) {}

    private final CsvReader.CsvReaderBuilder builder;
    private final RecordBoundaries.Dialect dialect;
    private final boolean trims;
    private final Set<String> missing;
    private final int missingLengthMax;

    CsvRows(CsvReader.CsvReaderBuilder builder, RecordBoundaries.Dialect dialect, boolean trims, Set<String> missing) {
        this.builder = builder;
        this.dialect = dialect;
        this.trims = trims;
        this.missing = missing;
        missingLengthMax = missing.stream().mapToInt(String::length).max().orElse(-1);
    }

    /**
     * The records of a text.
     *
     * @throws de.siegmar.fastcsv.reader.CsvParseException if it is not CSV
     */
    List<Line> parse(String text) {
        List<Line> lines = new ArrayList<>();
        try (CsvReader<Line> csv = builder.build(new Handler(), text)) {
            for (Line line : csv) {
                if (line.cells().length > 0) {
                    lines.add(line);
                }
            }
        } catch (java.io.IOException e) {
            throw new IllegalStateException("reading from memory failed", e);
        }
        return lines;
    }

    private final class Handler extends AbstractBaseCsvCallbackHandler<Line> {
        private @Nullable String[] cells = new String[16];
        private int count;
        private boolean onlyBlanks;

        @Override
        protected void handleBegin(long startingLineNumber) {
            count = 0;
            onlyBlanks = false;
        }

        @Override
        protected void handleField(int index, char[] buffer, int offset, int length, boolean quoted) {
            if (index == cells.length) {
                cells = java.util.Arrays.copyOf(cells, 2 * index);
            }
            int from = offset;
            int to = offset + length;
            if (trims && !quoted) {
                while (from < to && Character.isWhitespace(buffer[from])) {
                    from++;
                }
                while (to > from && Character.isWhitespace(buffer[to - 1])) {
                    to--;
                }
            }
            onlyBlanks = index == 0 && !quoted && blank(buffer, offset, length);
            String value = new String(buffer, from, to - from);
            cells[index] = value.length() <= missingLengthMax && missing.contains(value) ? null : value;
            count = index + 1;
        }

        private boolean blank(char[] buffer, int offset, int length) {
            for (int i = offset; i < offset + length; i++) {
                if (!dialect.isBlank(buffer[i])) {
                    return false;
                }
            }
            return true;
        }

        /** A line of blanks has no cells. */
        @Override
        protected Line buildRecord() {
            int fields = count == 1 && onlyBlanks ? 0 : count;
            return new Line(getStartingLineNumber(), java.util.Arrays.copyOf(cells, fields));
        }
    }
}
