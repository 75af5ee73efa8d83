package dev.sampo.serving.prediction;

import dev.sampo.serving.registry.ModelInfo;
import dev.sampo.serving.registry.ModelInfo.State;
import dev.sampo.serving.registry.ModelKey;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What a serving node knows of the registry, which version answers a request, and which are held in memory. Pure. */
final class Catalog {
    private final TreeMap<ModelKey, ModelInfo> models = new TreeMap<>();
    private final Map<ModelKey, Long> lastUsed = new HashMap<>();
    private final int loadedVersionsMax;
    private long uses;

    Catalog(int loadedVersionsMax) {
        this.loadedVersionsMax = loadedVersionsMax;
    }

    /**
     * What a scan changed.
     *
     * @param added new versions, and those whose document turned from damaged to good or is damaged otherwise now
     * @param removed versions that are gone
     */
    record Changes(List<ModelInfo> added, List<ModelKey> removed) {}

    Changes update(ModelSource.Scan scan) {
        List<ModelKey> removed = models.keySet().stream()
                .filter(key -> !scan.present().contains(key))
                .toList();
        removed.forEach(models::remove);
        removed.forEach(lastUsed::remove);
        List<ModelInfo> added = new ArrayList<>();
        for (ModelInfo found : scan.found()) {
            ModelInfo old = models.get(found.key());
            boolean readableBefore = old != null && old.target() != null;
            boolean same = old != null && old.reason().equals(found.reason());
            if (!readableBefore && !same) {
                models.put(found.key(), found);
                added.add(found);
            }
        }
        return new Changes(added, removed);
    }

    /** Versions whose document has been read; it never changes. */
    Set<ModelKey> known() {
        Set<ModelKey> known = new TreeSet<>();
        models.values().stream().filter(info -> info.target() != null).forEach(info -> known.add(info.key()));
        return known;
    }

    List<ModelInfo> all() {
        return List.copyOf(models.values());
    }

    List<Integer> versions(String model) {
        return List.copyOf(of(model).keySet().stream().map(ModelKey::version).toList());
    }

    /**
     * The version that answers: the one asked for, else the newest that isn't damaged; while that one is being loaded
     * the newest loaded one goes on answering.
     */
    Optional<ModelInfo> resolve(String model, @Nullable Integer version) {
        if (version != null) {
            return Optional.ofNullable(models.get(new ModelKey(model, version)));
        }
        NavigableMap<ModelKey, ModelInfo> newestFirst = of(model).descendingMap();
        Optional<ModelInfo> newest = newestSound(newestFirst);
        if (newest.isEmpty()) {
            return newestFirst.values().stream().findFirst();
        }
        if (newest.get().state() == State.LOADING) {
            Optional<ModelInfo> ready = newestFirst.values().stream()
                    .filter(info -> info.state() == State.READY)
                    .findFirst();
            return ready.isPresent() ? ready : newest;
        }
        return newest;
    }

    /** Sets the state of a version; nothing happens if it is gone. */
    void mark(ModelKey key, State state, String reason) {
        models.computeIfPresent(key, (same, info) -> info.withState(state, reason));
        if (state == State.READY) {
            used(key);
        } else {
            lastUsed.remove(key);
        }
    }

    void used(ModelKey key) {
        lastUsed.put(key, ++uses);
    }

    /** The newest version of each model, where it isn't in memory yet and there is room or it replaces an older one. */
    List<ModelKey> toLoad() {
        List<ModelKey> toLoad = new ArrayList<>();
        for (ModelInfo newest : newestOfEach()) {
            boolean replaces = of(newest.name()).values().stream().anyMatch(info -> info.state() == State.READY);
            if (newest.state() == State.AVAILABLE && (replaces || inMemory() + toLoad.size() < loadedVersionsMax)) {
                toLoad.add(newest.key());
            }
        }
        return toLoad;
    }

    /** A loaded version that must make room: the least recently used, those that aren't the newest first. */
    Optional<ModelKey> toUnload() {
        if (lastUsed.size() <= loadedVersionsMax) {
            return Optional.empty();
        }
        Set<ModelKey> newest = new TreeSet<>();
        newestOfEach().forEach(info -> newest.add(info.key()));
        return lastUsed.entrySet().stream()
                .min(Comparator.comparing((Map.Entry<ModelKey, Long> entry) -> newest.contains(entry.getKey()))
                        .thenComparing(Map.Entry::getValue))
                .map(Map.Entry::getKey);
    }

    private List<ModelInfo> newestOfEach() {
        return models.keySet().stream()
                .map(ModelKey::name)
                .distinct()
                .flatMap(name -> newestSound(of(name).descendingMap()).stream())
                .toList();
    }

    private static Optional<ModelInfo> newestSound(NavigableMap<ModelKey, ModelInfo> newestFirst) {
        return newestFirst.values().stream()
                .filter(info -> info.state() != State.DAMAGED)
                .findFirst();
    }

    private long inMemory() {
        return Stream.of(State.READY, State.LOADING)
                .mapToLong(state -> models.values().stream()
                        .filter(info -> info.state() == state)
                        .count())
                .sum();
    }

    private NavigableMap<ModelKey, ModelInfo> of(String model) {
        return models.subMap(new ModelKey(model, 0), true, new ModelKey(model, Integer.MAX_VALUE), true);
    }
}
