package dev.sampo.node.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.function.Consumer;

/** The home folder: that it can be written, moved in and read, and that there is room. */
final class StorageChecks implements Doctor.Check {
    private static final long ROOM_FAIL = 64L << 20;
    private static final long ROOM_WARN = 1L << 30;

    private final Path home;

    StorageChecks(Path home) {
        this.home = home;
    }

    @Override
    public void look(Consumer<Finding> findings) throws IOException {
        if (!Files.isDirectory(home)) {
            Path above = home.toAbsolutePath();
            while (above != null && !Files.exists(above)) {
                above = above.getParent();
            }
            findings.accept(
                    above != null && Files.isDirectory(above) && Files.isWritable(above)
                            ? Finding.warn(
                                    "home",
                                    home + " is not there yet",
                                    "a node makes it; is it the folder that all share?")
                            : Finding.fail(
                                    "home", home + " is not there", "mount the shared volume, or name it with --home"));
            return;
        }
        findings.accept(writable());
        long room = Files.getFileStore(home).getUsableSpace();
        String found = room / (1 << 20) + " MiB free in " + home;
        String mend = "make room: checkpoints and models are written there";
        findings.accept(
                room < ROOM_FAIL
                        ? Finding.fail("space", found, mend)
                        : room < ROOM_WARN ? Finding.warn("space", found, mend) : Finding.ok("space", found));
    }

    /** Blobs become visible by a rename, so that must work too. */
    private Finding writable() {
        Path file = home.resolve(".doctor-" + UUID.randomUUID());
        Path moved = home.resolve(file.getFileName() + ".moved");
        try {
            Files.writeString(file, "well");
            Files.move(file, moved, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
            boolean same = Files.readString(moved).equals("well");
            return same
                    ? Finding.ok("home", home + " is writable")
                    : Finding.fail("home", home + " does not give back what is written", "look at the volume's health");
        } catch (IOException e) {
            return Finding.fail(
                    "home", home + ": " + e, "let this user write there (in a pod: fsGroup), or name another --home");
        } finally {
            delete(file);
            delete(moved);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // It could not be written either, which is told.
        }
    }
}
