package dev.sampo.ingestion.source;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.RawRow;
import dev.sampo.model.data.Schema;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads one file format. Immutable and thread-safe; files are unpacked ones. */
public interface RecordFormat {
    /** Takes a span's records in order with their lines: a row, good until the next, or what is wrong with it. */
    interface Sink {
        void row(int number, long line, RawRow row) throws IOException;

        void bad(int number, long line, BadRecordException problem) throws IOException;
    }

    /** What one pass over a file's bytes finds. {@code width} is that of the vector field, 0 without one. */
    record Scan(List<String> columns, @Nullable String vector, int width, List<Span> spans) {
        public Schema schema(int atLeast) {
            return new Schema(
                    columns, vector == null ? null : new Schema.VectorField(vector, Math.max(width, atLeast)));
        }
    }

    /** Finds the spans of at most {@code records} records and about 1 MiB; memory does not depend on the file's size. */
    Scan scan(Path file, @Nullable Path labels, int records) throws IOException;

    /** Reads the records of a span. */
    void read(Path file, @Nullable Path labels, Schema schema, Span span, Sink sink) throws IOException;

    /** The reader of a format. */
    static RecordFormat of(FormatSpec spec) {
        FormatType type = spec.knownType();
        if (type == null) {
            throw new IllegalArgumentException("data.format.type is not given, and the file's name does not tell it");
        }
        return switch (type) {
            case CSV, TSV -> new CsvFormat(spec);
            case LIBSVM -> new LibsvmFormat(spec);
            case JSONL -> new JsonLinesFormat(spec);
            case IDX -> new IdxFormat();
        };
    }
}
