package dev.sampo.serving.prediction;

import dev.sampo.serving.registry.ModelInfo;
import java.util.List;

/**
 * The version that a request for it would get now.
 *
 * @param versions all versions of the model in the registry, ascending
 */
public record Described(ModelInfo model, List<Integer> versions) implements DescribeReply {
    public Described {
        versions = List.copyOf(versions);
    }
}
