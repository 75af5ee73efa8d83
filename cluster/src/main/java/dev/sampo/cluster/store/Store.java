package dev.sampo.cluster.store;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Named blobs that every node of a cluster sees. Names are relative paths with {@code /}. Thread-safe. */
public interface Store {
    /** The blob's bytes; {@link java.nio.file.NoSuchFileException} naming it if there is none. */
    byte[] read(String name) throws IOException;

    /** Makes the blob visible whole or not at all; replaces an older one. Durable when it returns. */
    void write(String name, byte[] bytes) throws IOException;

    boolean exists(String name);

    /** Names of the direct children (blobs and folders, without trailing slash) of a folder, sorted; empty if there is none. */
    List<String> list(String folder) throws IOException;

    /** Removes a blob or a whole folder; nothing happens if there is none. */
    void delete(String name) throws IOException;

    /** Makes a folder of blobs visible in one step by renaming; fails if {@code to} exists. */
    void move(String from, String to) throws IOException;

    /** Where the blob lies or would lie, for messages to people. */
    Path locate(String name);
}
