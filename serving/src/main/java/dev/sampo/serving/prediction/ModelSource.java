package dev.sampo.serving.prediction;

import dev.sampo.serving.registry.ModelInfo;
import dev.sampo.serving.registry.ModelKey;
import java.io.IOException;
import java.util.List;
import java.util.Set;

/** Where the serving actors find models. Thread-safe; called off the actors' thread, may block. */
public interface ModelSource {
    /**
     * Everything that is there now, sorted.
     *
     * @param known versions whose info need not be read again: they never change
     */
    Scan scan(Set<ModelKey> known) throws IOException;

    /** Reads and checks one version; the error says what is wrong with it. */
    LoadedModel load(ModelKey key) throws IOException;

    /**
     * One look at the registry.
     *
     * @param present every version there
     * @param found the info of those not known before
     */
    record Scan(Set<ModelKey> present, List<ModelInfo> found) {}
}
