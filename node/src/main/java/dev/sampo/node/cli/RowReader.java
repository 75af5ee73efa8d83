package dev.sampo.node.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import dev.sampo.ingestion.source.FormatSpec;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** Reads raw rows to predict: CSV with a header, or JSON lines, told apart by the first character. */
final class RowReader {
    private static final ObjectMapper JSON = new ObjectMapper();

    private RowReader() {}

    /** Takes a row's cells in the order of the columns, and the line that it begins at; null is a missing value. */
    interface Rows {
        void row(List<String> columns, ArrayNode cells, long line) throws Exception;
    }

    /** A file by its name, {@code .gz} too; {@code -} is stdin. */
    static BufferedReader open(String name) throws IOException {
        InputStream in = name.equals("-") ? System.in : Files.newInputStream(file(Path.of(name)));
        InputStream plain = name.endsWith(".gz") ? new GZIPInputStream(in) : in;
        // Not a reader that replaces what it can't decode: a row must not be silently another one.
        return new BufferedReader(new InputStreamReader(plain, StandardCharsets.UTF_8.newDecoder()));
    }

    private static Path file(Path path) {
        if (Files.isDirectory(path)) {
            throw new IllegalArgumentException(path + ": is a folder; name a file, or - for stdin");
        }
        return path;
    }

    /** An error names the line of the first row that can't be read. */
    static void read(BufferedReader in, Rows rows) throws Exception {
        try {
            readAny(in, rows);
        } catch (CharacterCodingException | ZipException e) {
            throw new IllegalArgumentException("the data is not UTF-8 text, plain or .gz", e);
        }
    }

    private static void readAny(BufferedReader in, Rows rows) throws Exception {
        int first = firstCharacter(in);
        if (first < 0) {
            throw new IllegalArgumentException("there are no rows: the data is empty");
        }
        if (first == '[') {
            throw new IllegalArgumentException(
                    "a JSON list can't be read; give JSON lines, one object a line, such as {\"age\": 39}");
        }
        long[] count = {0};
        Rows counted = (columns, cells, line) -> {
            count[0]++;
            rows.row(columns, cells, line);
        };
        if (first == '{') {
            jsonLines(in, counted);
        } else {
            csv(in, counted);
        }
        if (count[0] == 0) {
            throw new IllegalArgumentException("there are no rows, only a header; the first line names the columns");
        }
    }

    private static int firstCharacter(BufferedReader in) throws IOException {
        int next;
        do {
            in.mark(1);
            next = in.read();
        } while (next == ' ' || next == '\n' || next == '\r' || next == '\t' || next == 0xFEFF);
        in.reset();
        return next;
    }

    private static void csv(BufferedReader in, Rows rows) throws Exception {
        List<String> columns = new ArrayList<>();
        try (CsvReader<CsvRecord> csv = CsvReader.builder()
                .extraFieldStrategy(de.siegmar.fastcsv.reader.FieldMismatchStrategy.IGNORE)
                .missingFieldStrategy(de.siegmar.fastcsv.reader.FieldMismatchStrategy.IGNORE)
                .trimWhitespacesAroundQuotes(true)
                .ofCsvRecord(in)) {
            for (CsvRecord record : csv) {
                List<String> fields =
                        record.getFields().stream().map(String::strip).toList();
                if (columns.isEmpty()) {
                    columns.addAll(fields);
                } else if (fields.size() != columns.size()) {
                    throw new IllegalArgumentException("line " + record.getStartingLineNumber() + ": expected "
                            + columns.size() + " fields as in the header, found " + fields.size());
                } else {
                    rows.row(columns, cells(fields), record.getStartingLineNumber());
                }
            }
        } catch (de.siegmar.fastcsv.reader.CsvParseException e) {
            throw new IllegalArgumentException("not CSV: " + e.getMessage(), e);
        }
    }

    private static ArrayNode cells(List<String> fields) {
        ArrayNode cells = JsonNodeFactory.instance.arrayNode();
        for (String field : fields) {
            if (FormatSpec.MISSING.contains(field)) {
                cells.addNull();
            } else {
                cells.add(field);
            }
        }
        return cells;
    }

    private static void jsonLines(BufferedReader in, Rows rows) throws Exception {
        List<String> columns = new ArrayList<>();
        long line = 0;
        for (String text = in.readLine(); text != null; text = in.readLine()) {
            line++;
            if (text.isBlank()) {
                continue;
            }
            JsonNode node;
            try {
                node = JSON.readTree(text);
            } catch (JsonProcessingException e) {
                throw new IllegalArgumentException("line " + line + ": not JSON: " + e.getOriginalMessage(), e);
            }
            if (!(node instanceof ObjectNode object)) {
                throw new IllegalArgumentException("line " + line + ": expected a JSON object, such as {\"age\": 39}");
            }
            if (columns.isEmpty()) {
                object.fieldNames().forEachRemaining(columns::add);
            }
            ArrayNode cells = JsonNodeFactory.instance.arrayNode();
            for (String column : columns) {
                cells.add(object.path(column).isMissingNode() ? null : object.get(column));
            }
            rows.row(columns, cells, line);
        }
    }
}
