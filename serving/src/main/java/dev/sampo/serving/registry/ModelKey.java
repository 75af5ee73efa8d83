package dev.sampo.serving.registry;

/**
 * Names one immutable model version; ordered by name, then version.
 *
 * @param version 1, 2, 3 …
 */
public record ModelKey(String name, int version) implements Comparable<ModelKey> {
    @Override
    public int compareTo(ModelKey other) {
        int byName = name.compareTo(other.name);
        return byName != 0 ? byName : Integer.compare(version, other.version);
    }

    @Override
    public String toString() {
        return name + "/" + version;
    }
}
