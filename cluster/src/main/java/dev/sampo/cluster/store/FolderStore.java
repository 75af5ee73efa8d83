package dev.sampo.cluster.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;

/** A {@link Store} in a folder: a local disk for one machine, a shared file system for a cluster. Thread-safe. */
public final class FolderStore implements Store {
    private static final String TEMPORARY = ".tmp-";
    /** Of what somebody else's writing or deleting in the same folder may spoil. */
    private static final int ATTEMPTS = 20;

    private static final int PIECE_BYTES = 1 << 20;

    private final Path root;

    public FolderStore(Path root) {
        this.root = root.toAbsolutePath().normalize();
    }

    @Override
    public byte[] read(String name) throws IOException {
        return Files.readAllBytes(locate(name));
    }

    @Override
    public void write(String name, byte[] bytes) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                writeOnce(name, bytes);
                return;
            } catch (NoSuchFileException e) {
                // Somebody removed the folder meanwhile.
                if (attempt == ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private void writeOnce(String name, byte[] bytes) throws IOException {
        Path target = locate(name);
        Path folder = folderOf(target);
        Files.createDirectories(folder);
        Path temporary = folder.resolve(TEMPORARY + UUID.randomUUID());
        try {
            try (FileChannel channel =
                    FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                ByteBuffer rest = ByteBuffer.wrap(bytes);
                while (rest.hasRemaining()) {
                    // A thread keeps a native buffer as large as its largest write.
                    rest.limit(Math.min(bytes.length, rest.position() + PIECE_BYTES));
                    channel.write(rest);
                    rest.limit(bytes.length);
                }
                channel.force(true);
            }
            moveAtomically(temporary, target);
        } finally {
            Files.deleteIfExists(temporary);
        }
        forceFolder(folder);
    }

    @Override
    public boolean exists(String name) {
        return Files.exists(locate(name));
    }

    @Override
    public List<String> list(String folder) throws IOException {
        Path path = locate(folder);
        if (!Files.isDirectory(path)) {
            return List.of();
        }
        try (Stream<Path> children = Files.list(path)) {
            return children.map(child -> child.getFileName().toString())
                    .filter(name -> !name.startsWith(TEMPORARY))
                    .sorted()
                    .toList();
        }
    }

    @Override
    public void delete(String name) throws IOException {
        Path path = locate(name);
        for (int attempt = 1; Files.exists(path); attempt++) {
            try {
                deleteTree(path);
            } catch (DirectoryNotEmptyException | NoSuchFileException e) {
                // Somebody wrote or removed something in there meanwhile.
                if (attempt == ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private static void deleteTree(Path path) throws IOException {
        try (Stream<Path> tree = Files.walk(path)) {
            for (Path each : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    @Override
    public void move(String from, String to) throws IOException {
        Path target = locate(to);
        Files.createDirectories(folderOf(target));
        if (Files.exists(target)) {
            throw new FileAlreadyExistsException(target.toString());
        }
        Files.move(locate(from), target, StandardCopyOption.ATOMIC_MOVE);
        forceFolder(folderOf(target));
    }

    @Override
    public Path locate(String name) {
        Path path = root.resolve(name).normalize();
        if (!path.startsWith(root)) {
            throw new IllegalArgumentException("blob name must stay inside the store but was \"" + name + "\"");
        }
        return path;
    }

    private static Path folderOf(Path blob) {
        return Objects.requireNonNull(blob.getParent(), "a blob lies in a folder");
    }

    private static void moveAtomically(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            throw new IOException("the file system of " + to + " can't rename atomically; use another store folder", e);
        }
    }

    /** Makes a rename durable; a folder can't be opened like this on every system, where the rename must do. */
    private static void forceFolder(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (NoSuchFileException e) {
            throw e;
        } catch (IOException ignored) {
            // Windows refuses to open folders.
        }
    }
}
