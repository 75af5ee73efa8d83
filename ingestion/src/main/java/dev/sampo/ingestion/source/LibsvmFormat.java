package dev.sampo.ingestion.source;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.StringTokenizer;
import org.jspecify.annotations.Nullable;

/**
 * LIBSVM lines {@code label index:value …}, indices ascending from the stated base; {@code #} begins a comment. Plain lines
 * are read by {@link PlainLibsvm}, all others here, where faults are told.
 */
final class LibsvmFormat implements RecordFormat {
    private final int base;
    private final int features;

    LibsvmFormat(FormatSpec spec) {
        base = spec.indexBase() == null ? 1 : spec.indexBase();
        features = spec.features() == null ? 0 : spec.features();
    }

    @Override
    public Scan scan(Path file, @Nullable Path labels, int records) throws IOException {
        List<Span> spans = new LineScanner(RecordBoundaries.Dialect.LINES, records, false).scan(file);
        return new Scan(List.of("label"), "features", features > 0 ? features : width(file), spans);
    }

    /** The highest index of a file; lines that can't be read are for {@link #read} to complain about. */
    private int width(Path file) throws IOException {
        int width = 1;
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(file)) {
            HighestIndex highest = new HighestIndex();
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                highest.feed(buffer, read);
            }
            width = Math.max(width, highest.end() - base + 1);
        }
        return width;
    }

    @Override
    public void read(Path file, @Nullable Path labels, Schema schema, Span span, Sink sink) throws IOException {
        byte[] bytes = LineScanner.bytes(file, span.offset(), span.length());
        PlainLibsvm plain = new PlainLibsvm(bytes, base);
        int number = 0;
        long line = span.firstLine();
        for (int at = 0; at < bytes.length; line++) {
            int end = PlainLibsvm.lineEnd(bytes, at);
            if (!PlainLibsvm.isBlank(bytes, at, end)) {
                Row row = plain.row(at, end);
                if (row == null) {
                    give(number, line, new String(bytes, at, end - at, StandardCharsets.UTF_8), sink);
                } else {
                    sink.row(number, line, row);
                }
                number++;
            }
            at = end + 1;
        }
    }

    /** A line that is not plain: odd numbers, or a fault. */
    private void give(int number, long line, String text, Sink sink) throws IOException {
        Row row;
        try {
            row = row(text.stripTrailing());
        } catch (BadRecordException e) {
            sink.bad(number, line, e);
            return;
        }
        sink.row(number, line, row);
    }

    /** The row of a line's text. */
    Row row(String line) throws BadRecordException {
        StringTokenizer tokens = new StringTokenizer(withoutComment(line));
        if (!tokens.hasMoreTokens()) {
            throw new BadRecordException("no label before the comment");
        }
        String label = tokens.nextToken();
        number(label, "the label");
        int[] indices = new int[tokens.countTokens()];
        float[] values = new float[indices.length];
        int last = -1;
        for (int i = 0; i < indices.length; i++) {
            String token = tokens.nextToken();
            int colon = token.indexOf(':');
            if (colon < 1 || !token.substring(0, colon).matches("\\d{1,9}")) {
                throw new BadRecordException("\"" + token + "\" is not index:value");
            }
            int index = Integer.parseInt(token.substring(0, colon)) - base;
            if (index < 0) {
                throw new BadRecordException("index " + (index + base) + " in \"" + token + "\" is below the base "
                        + base + "; set data.format.indexBase: 0 if indices begin at 0");
            }
            if (index <= last) {
                throw new BadRecordException(
                        "indices must ascend, but \"" + token + "\" follows index " + (last + base));
            }
            last = index;
            indices[i] = index;
            values[i] = (float) number(token.substring(colon + 1), "the value of \"" + token + "\"");
        }
        return new Row(new String[] {label}, new Row.Vector(indices, values));
    }

    private static String withoutComment(String line) {
        int comment = line.indexOf('#');
        return comment < 0 ? line : line.substring(0, comment);
    }

    private static double number(String text, String what) throws BadRecordException {
        try {
            double value = Double.parseDouble(text);
            if (Double.isFinite(value)) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw new BadRecordException(what + " is not a number: \"" + text + "\"");
        }
        throw new BadRecordException(what + " is not a finite number: \"" + text + "\"");
    }
}
