package dev.sampo.ingestion.source;

import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** LeCun's IDX arrays of unsigned bytes: {@code 0 0 8 dims}, big-endian sizes, then the elements; labels in a file beside. */
final class IdxFormat implements RecordFormat {
    /** The sizes of an array; {@code headerBytes} is where its elements begin. */
    private record Header(int count, int width, int headerBytes) {}

    @Override
    public Scan scan(Path file, @Nullable Path labels, int records) throws IOException {
        Header header = header(file);
        Path labelFile = Objects.requireNonNull(labels, "data.format.labels must name a labels' file for " + file);
        Header labelHeader = header(labelFile);
        if (labelHeader.count() != header.count() || labelHeader.width() != 1) {
            throw new BadSourceException(labelFile + " has " + labelHeader.count() + " labels for the " + header.count()
                    + " records of " + file);
        }
        int each = Math.max(1, Math.min(records, (1 << 20) / header.width()));
        List<Span> spans = new ArrayList<>();
        for (int from = 0; from < header.count(); from += each) {
            int count = Math.min(each, header.count() - from);
            spans.add(new Span(
                    header.headerBytes() + (long) from * header.width(),
                    count * header.width(),
                    from,
                    from + 1L,
                    count));
        }
        return new Scan(List.of("label"), "pixels", header.width(), spans);
    }

    private static Header header(Path file) throws IOException {
        long size = Files.size(file);
        ByteBuffer start = ByteBuffer.wrap(LineScanner.bytes(file, 0, (int) Math.min(size, 64)));
        if (size < 8 || start.getShort() != 0 || start.get() != 8) {
            throw new BadSourceException(file + ": not an IDX file of unsigned bytes (it should begin with 0 0 8)");
        }
        int dimensions = start.get();
        if (dimensions < 1 || dimensions > 8 || size < 4 + 4L * dimensions) {
            throw new BadSourceException(file + ": an IDX file of " + dimensions + " dimensions can't be read");
        }
        int count = start.getInt();
        long width = 1;
        for (int i = 1; i < dimensions; i++) {
            width *= start.getInt();
        }
        int headerBytes = 4 + 4 * dimensions;
        if (count < 1 || width < 1 || width > 1 << 24 || size != headerBytes + count * width) {
            throw new BadSourceException(file + ": its header claims " + count + " records of " + width
                    + " bytes, but the file has " + size + " bytes; is it cut off?");
        }
        return new Header(count, (int) width, headerBytes);
    }

    @Override
    public void read(Path file, @Nullable Path labels, Schema schema, Span span, Sink sink) throws IOException {
        int width = Objects.requireNonNull(schema.vector()).width();
        byte[] pixels = LineScanner.bytes(file, span.offset(), span.length());
        Path labelFile = Objects.requireNonNull(labels);
        // Labels may be [n] or [n, 1], so where they begin is the header's to say.
        byte[] classes =
                LineScanner.bytes(labelFile, header(labelFile).headerBytes() + span.firstRecord(), span.records());
        for (int record = 0; record < span.records(); record++) {
            float[] values = new float[width];
            for (int i = 0; i < width; i++) {
                values[i] = pixels[record * width + i] & 0xff;
            }
            sink.row(
                    record,
                    span.firstLine() + record,
                    new Row(new String[] {Integer.toString(classes[record] & 0xff)}, new Row.Vector(null, values)));
        }
    }
}
