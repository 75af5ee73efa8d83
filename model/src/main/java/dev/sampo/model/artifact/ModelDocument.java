package dev.sampo.model.artifact;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import dev.sampo.model.data.Target;
import dev.sampo.model.feature.FeaturePipeline;
import dev.sampo.model.network.ModelSpec;
import java.util.List;
import java.util.Map;

/**
 * {@code model.json}: what a model version is and where it comes from.
 *
 * @param created when it was published, ISO 8601
 * @param inputs the raw columns a request must have
 * @param features number of features the pipeline makes of them
 * @param metrics validation metrics
 * @param spec the job's spec
 * @param numerics the arithmetic that made the bits
 * @param rows training rows of an epoch
 * @param weightsSha256 SHA-256 of weights.safetensors
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ModelDocument(
        int formatVersion,
        String name,
        int version,
        String job,
        String created,
        ModelSpec architecture,
        List<FeaturePipeline.InputColumn> inputs,
        int features,
        Target target,
        Map<String, Object> metrics,
        JsonNode spec,
        Map<String, Object> numerics,
        long seed,
        long rows,
        String weightsSha256) {
    /** The document before the weights are known. */
    public static ModelDocument of(
            String name,
            int version,
            String job,
            String created,
            ModelSpec architecture,
            FeaturePipeline pipeline,
            Map<String, Object> metrics,
            JsonNode spec,
            Map<String, Object> numerics,
            long seed,
            long rows) {
        return new ModelDocument(
                1,
                name,
                version,
                job,
                created,
                architecture,
                pipeline.inputs(),
                pipeline.width(),
                pipeline.target(),
                metrics,
                spec,
                numerics,
                seed,
                rows,
                "");
    }

    ModelDocument withWeights(String sha256) {
        return new ModelDocument(
                formatVersion,
                name,
                version,
                job,
                created,
                architecture,
                inputs,
                features,
                target,
                metrics,
                spec,
                numerics,
                seed,
                rows,
                sha256);
    }
}
