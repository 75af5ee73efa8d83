package dev.sampo.ingestion.source;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.RawRow;
import dev.sampo.model.data.Schema;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Reads files of a source, unpacking them where needed. Thread-safe. */
public final class ChunkReader {
    private final RecordFormat format;
    private final Unpacker unpacker;

    /** Takes the good rows of a chunk; each is good until the next. */
    @FunctionalInterface
    public interface Rows {
        void row(int number, RawRow row) throws IOException;
    }

    public ChunkReader(FormatSpec format, Unpacker unpacker) {
        this.format = RecordFormat.of(format);
        this.unpacker = unpacker;
    }

    public RecordFormat.Scan scan(SourceFile file, int records) throws IOException {
        RecordFormat.Scan scan = format.scan(unpacker.unpacked(Path.of(file.path())), labels(file), records);
        if (scan.spans().isEmpty()) {
            throw new BadSourceException(file.path() + ": not one record in it");
        }
        return scan;
    }

    /** Every record of a span: a row or what is wrong. */
    public void readAll(SourceFile file, Schema schema, Span span, RecordFormat.Sink sink) throws IOException {
        format.read(unpacker.unpacked(Path.of(file.path())), labels(file), schema, span, sink);
    }

    /** The rows that could be parsed; those that could not are known to the index as bad. */
    public void read(SourceFile file, Schema schema, Span span, Rows rows) throws IOException {
        readAll(file, schema, span, new RecordFormat.Sink() {
            @Override
            public void row(int number, long line, RawRow row) throws IOException {
                rows.row(number, row);
            }

            @Override
            public void bad(int number, long line, BadRecordException problem) {}
        });
    }

    private @Nullable Path labels(SourceFile file) throws IOException {
        String labels = file.labels();
        return labels == null ? null : unpacker.unpacked(Path.of(labels));
    }
}
