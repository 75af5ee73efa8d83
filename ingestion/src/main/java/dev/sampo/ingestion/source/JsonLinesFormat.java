package dev.sampo.ingestion.source;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One flat JSON object a line; an array of numbers is the vector field. The first line tells the columns. */
final class JsonLinesFormat implements RecordFormat {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final FormatSpec spec;
    private final Set<String> missing;

    JsonLinesFormat(FormatSpec spec) {
        this.spec = spec;
        missing = Set.copyOf(spec.missingTexts());
    }

    @Override
    public Scan scan(Path file, @Nullable Path labels, int records) throws IOException {
        List<String> columns = new ArrayList<>();
        String vector = null;
        int width = 0;
        JsonNode first = first(file);
        for (var field : first.properties()) {
            if (field.getValue().isArray()) {
                vector = field.getKey();
                width = field.getValue().size();
            } else {
                columns.add(field.getKey());
            }
        }
        if (spec.columns() != null) {
            columns = new ArrayList<>(spec.columns());
            columns.remove(vector);
        }
        return new Scan(
                columns, vector, width, new LineScanner(RecordBoundaries.Dialect.LINES, records, false).scan(file));
    }

    private static JsonNode first(Path file) throws IOException {
        try (BufferedReader in =
                new BufferedReader(new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String text = line.replace("\uFEFF", "");
                if (!text.isBlank()) {
                    JsonNode node = JSON.readTree(text);
                    if (node.isObject()) {
                        return node;
                    }
                    break;
                }
            }
        } catch (JsonProcessingException e) {
            throw new BadSourceException(file + ": the first line is not JSON: " + e.getOriginalMessage(), e);
        }
        throw new BadSourceException(file + ": the first line is not a JSON object");
    }

    @Override
    public void read(Path file, @Nullable Path labels, Schema schema, Span span, Sink sink) throws IOException {
        LineScanner.lines(file, span, (number, line, text) -> {
            try {
                sink.row(number, line, row(JSON.readTree(text), schema));
            } catch (JsonProcessingException e) {
                sink.bad(number, line, new BadRecordException("not JSON: " + e.getOriginalMessage()));
            } catch (BadRecordException e) {
                sink.bad(number, line, e);
            }
        });
    }

    private Row row(JsonNode node, Schema schema) throws BadRecordException {
        if (!node.isObject()) {
            throw new BadRecordException("expected a JSON object");
        }
        @Nullable String[] cells = new String[schema.columns().size()];
        for (int i = 0; i < cells.length; i++) {
            JsonNode value = node.path(schema.columns().get(i));
            if (value.isContainerNode()) {
                throw new BadRecordException("field " + schema.columns().get(i) + ": expected a plain value");
            }
            boolean absent = value.isMissingNode() || value.isNull() || missing.contains(value.asText());
            cells[i] = absent ? null : value.asText();
        }
        Schema.VectorField field = schema.vector();
        if (field == null) {
            return new Row(cells, null);
        }
        JsonNode array = node.path(field.name());
        float[] values = new float[array.size()];
        for (int i = 0; i < values.length; i++) {
            if (!array.get(i).isNumber()) {
                throw new BadRecordException("field " + field.name() + "[" + i + "] is not a number: " + array.get(i));
            }
            values[i] = array.get(i).floatValue();
        }
        return new Row(cells, new Row.Vector(null, values));
    }
}
