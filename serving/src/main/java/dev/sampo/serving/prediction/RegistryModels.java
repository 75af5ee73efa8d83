package dev.sampo.serving.prediction;

import dev.sampo.serving.registry.ModelInfo;
import dev.sampo.serving.registry.ModelKey;
import dev.sampo.serving.registry.ModelRegistry;
import java.io.IOException;
import java.util.List;
import java.util.Set;

/** The models of a registry. Thread-safe, blocking. */
public final class RegistryModels implements ModelSource {
    private final ModelRegistry registry;
    private final ModelFormat format;

    public RegistryModels(ModelRegistry registry, ModelFormat format) {
        this.registry = registry;
        this.format = format;
    }

    @Override
    public Scan scan(Set<ModelKey> known) throws IOException {
        Set<ModelKey> present = registry.keys();
        List<ModelInfo> found = present.stream()
                .filter(key -> !known.contains(key))
                .map(this::describe)
                .toList();
        return new Scan(present, found);
    }

    /** A version that can't be read costs only itself: the others are found. */
    private ModelInfo describe(ModelKey key) {
        try {
            return format.describe(key, file -> registry.read(key, file));
        } catch (IOException | RuntimeException e) {
            return ModelInfo.damaged(key, reason(e));
        }
    }

    @Override
    public LoadedModel load(ModelKey key) throws IOException {
        try {
            return format.load(key, file -> registry.read(key, file));
        } catch (RuntimeException e) {
            throw new IOException(reason(e), e);
        }
    }

    private static String reason(Exception e) {
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }
}
