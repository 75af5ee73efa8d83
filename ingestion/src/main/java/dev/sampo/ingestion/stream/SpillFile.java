package dev.sampo.ingestion.stream;

import dev.sampo.model.data.Batch;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;

/** Transformed chunks of one job in a file that lives as long as this object. Thread-safe. */
final class SpillFile implements AutoCloseable {
    /** The JDK keeps a direct buffer of the largest transfer for each thread. */
    private static final int TRANSFER_BYTES = 1 << 20;

    private final Path path;
    private final FileChannel channel;
    private final AtomicLong end = new AtomicLong();

    /** Where a chunk lies, and the CRC-32C of its bytes. */
    record Place(long offset, int length, long checksum) {}

    SpillFile(Path path) throws IOException {
        this.path = path;
        Files.createDirectories(path.toAbsolutePath().getParent());
        channel = FileChannel.open(
                path,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        path.toFile().deleteOnExit();
    }

    Place write(Batch rows) throws IOException {
        byte[] bytes = BatchCodec.encode(rows);
        long offset = end.getAndAdd(bytes.length);
        for (int at = 0; at < bytes.length; ) {
            ByteBuffer part = ByteBuffer.wrap(bytes, at, Math.min(TRANSFER_BYTES, bytes.length - at));
            at += channel.write(part, offset + at);
        }
        return new Place(offset, bytes.length, checksum(bytes));
    }

    /** @throws IOException if it can't be read, or is not what was written */
    Batch read(Place place) throws IOException {
        byte[] bytes = new byte[place.length()];
        for (int at = 0; at < bytes.length; ) {
            ByteBuffer part = ByteBuffer.wrap(bytes, at, Math.min(TRANSFER_BYTES, bytes.length - at));
            int read = channel.read(part, place.offset() + at);
            if (read < 0) {
                throw new EOFException(path + " ends before byte " + (place.offset() + bytes.length));
            }
            at += read;
        }
        if (checksum(bytes) != place.checksum()) {
            throw new IOException(path + ", " + bytes.length + " bytes from " + place.offset()
                    + ": the checksum is not that of what was written");
        }
        return BatchCodec.decode(bytes);
    }

    private static long checksum(byte[] bytes) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes);
        return checksum.getValue();
    }

    @Override
    public void close() throws IOException {
        channel.close();
        Files.deleteIfExists(path);
    }
}
