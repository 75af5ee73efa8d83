package dev.sampo.serving.prediction;

import dev.sampo.serving.registry.ModelInfo;
import java.util.List;

/**
 * Every model version in the registry.
 *
 * @param models by name, then version
 */
public record Listed(List<ModelInfo> models) implements ListReply {
    public Listed {
        models = List.copyOf(models);
    }
}
