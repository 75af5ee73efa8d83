package dev.sampo.ingestion.source;

import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.slf4j.LoggerFactory;

/**
 * Gives every source as a file that can be read at any offset: gzip files are unpacked once into a scratch folder, others
 * stay where they are. What was unpacked is deleted when the JVM ends. Thread-safe.
 */
public final class Unpacker {
    private static final int BUFFER_BYTES = 1 << 16;
    private final Path scratch;
    private final ConcurrentHashMap<Path, Object> locks = new ConcurrentHashMap<>();

    /** Owns the folder: copies that an earlier process could not delete are removed. */
    public Unpacker(Path scratch) {
        this.scratch = scratch;
        File[] left = scratch.toFile().listFiles();
        for (File file : left == null ? new File[0] : left) {
            if (!file.delete()) {
                LoggerFactory.getLogger(Unpacker.class).warn("can't delete {}, an old unpacked copy", file);
            }
        }
    }

    /**
     * The file itself, or its unpacked copy if it begins like a gzip file. The scratch folder needs room for it.
     *
     * @throws BadSourceException if the file is missing, or its gzip data is truncated or damaged
     */
    public Path unpacked(Path file) throws IOException {
        if (!Files.isReadable(file)) {
            throw new BadSourceException(file + " is missing or can't be read on this node");
        }
        if (!isGzip(file)) {
            return file;
        }
        Path target = scratch.resolve(copyName(file));
        synchronized (locks.computeIfAbsent(target, any -> new Object())) {
            if (!Files.exists(target)) {
                unpack(file, target);
            }
        }
        return target;
    }

    private static boolean isGzip(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.read() == 0x1f && in.read() == 0x8b;
        }
    }

    /** Names the content: a file that was replaced gets another copy. */
    private static String copyName(Path file) throws IOException {
        String content = file.toAbsolutePath() + "|" + Files.size(file) + "|" + Files.getLastModifiedTime(file);
        return UUID.nameUUIDFromBytes(content.getBytes(StandardCharsets.UTF_8)) + "-"
                + String.valueOf(file.getFileName()).replaceAll("\\.gz$", "");
    }

    private void unpack(Path file, Path target) throws IOException {
        Files.createDirectories(scratch);
        Path temporary = scratch.resolve(".tmp-" + UUID.randomUUID());
        try {
            try (InputStream in = new GZIPInputStream(Files.newInputStream(file), BUFFER_BYTES);
                    OutputStream out = Files.newOutputStream(temporary)) {
                in.transferTo(out);
            } catch (EOFException e) {
                throw new BadSourceException(
                        file + " ends before its gzip data does; it is truncated, copy it again", e);
            } catch (ZipException e) {
                throw new BadSourceException(
                        file + " has damaged gzip data (" + e.getMessage() + "); copy it again", e);
            }
            target.toFile().deleteOnExit();
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }
}
