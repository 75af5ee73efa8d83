package dev.sampo.ingestion.source;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.RawRow;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads a whole file as a test likes it: rows as lists of cells, faults as texts. */
final class Records {
    private Records() {}

    private static List<@Nullable String> cells(RawRow row) {
        List<@Nullable String> cells = new ArrayList<>();
        for (int i = 0; i < row.size(); i++) {
            cells.add(row.text(i));
        }
        return cells;
    }

    static List<Object> of(RecordFormat format, Path file, @Nullable Path labels, int chunkRows) throws IOException {
        List<Object> seen = new ArrayList<>();
        RecordFormat.Scan scan = format.scan(file, labels, chunkRows);
        for (Span span : scan.spans()) {
            int[] next = {0};
            format.read(file, labels, scan.schema(0), span, new RecordFormat.Sink() {
                @Override
                public void row(int number, long line, RawRow row) {
                    count(number);
                    seen.add(cells(row));
                }

                @Override
                public void bad(int number, long line, BadRecordException problem) {
                    count(number);
                    seen.add("line " + line + ": " + problem.getMessage());
                }

                private void count(int number) {
                    if (number != next[0]++) {
                        throw new AssertionError("record " + number + " out of order");
                    }
                }
            });
            if (next[0] != span.records()) {
                throw new AssertionError(next[0] + " records in a span of " + span.records());
            }
        }
        return seen;
    }
}
