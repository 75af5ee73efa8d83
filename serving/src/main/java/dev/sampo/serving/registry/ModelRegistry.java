package dev.sampo.serving.registry;

import dev.sampo.cluster.store.Store;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.OptionalInt;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Reads the models of a store, {@code models/<name>/<version>/}. A version becomes visible whole by one rename and
 * never changes after, so what has been read once stays true until the folder is removed. Thread-safe, blocking.
 */
public final class ModelRegistry {
    private static final String ROOT = "models";

    private final Store store;

    public ModelRegistry(Store store) {
        this.store = store;
    }

    /** Every version there is; folders whose name isn't a version, such as one still being written, are no versions. */
    public SortedSet<ModelKey> keys() throws IOException {
        SortedSet<ModelKey> keys = new TreeSet<>();
        for (String name : store.list(ROOT)) {
            if (!name.startsWith(".")) {
                versions(name).forEach(version -> keys.add(new ModelKey(name, version)));
            }
        }
        return keys;
    }

    /** The versions of one model, ascending; empty if there is no such model. */
    public List<Integer> versions(String name) throws IOException {
        return store.list(ROOT + "/" + name).stream()
                .filter(version -> version.matches("[1-9][0-9]{0,8}"))
                .map(Integer::valueOf)
                .sorted()
                .toList();
    }

    /** The newest version of a model, if it has one. */
    public OptionalInt latest(String name) throws IOException {
        return versions(name).stream().mapToInt(Integer::intValue).max();
    }

    /** One file of a version; the error names it. */
    public byte[] read(ModelKey key, String file) throws IOException {
        String name = ROOT + "/" + key.name() + "/" + key.version() + "/" + file;
        try {
            return store.read(name);
        } catch (NoSuchFileException e) {
            throw new IOException(
                    file + ": no such file in " + store.locate(name).getParent(), e);
        }
    }
}
