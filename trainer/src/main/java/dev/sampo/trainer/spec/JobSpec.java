package dev.sampo.trainer.spec;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sampo.ingestion.index.OnBadRecord;
import dev.sampo.ingestion.source.DataSpec;
import dev.sampo.model.feature.FeatureSpec;
import dev.sampo.model.network.ModelSpec;
import dev.sampo.model.spec.Problems;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A training job as its user describes it; with the data, it decides every bit of the model.
 *
 * @param name the model's name too: letters, digits, {@code - _ .}, at most 80
 * @param numerics portable (the AVX2 baseline, the same bits everywhere) or native
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record JobSpec(
        String name,
        @Nullable DataSpec data,
        @Nullable List<FeatureSpec> features,
        @Nullable ModelSpec model,
        TrainingSpec training,
        ParameterServerSpec parameterServer,
        String numerics,
        OnBadRecord onBadRecord) {
    public JobSpec(
            @Nullable String name,
            @Nullable DataSpec data,
            @Nullable List<FeatureSpec> features,
            @Nullable ModelSpec model,
            @Nullable TrainingSpec training,
            @Nullable ParameterServerSpec parameterServer,
            @Nullable String numerics,
            @Nullable OnBadRecord onBadRecord) {
        this.name = name == null ? "" : name;
        this.data = data;
        this.features = features;
        this.model = model;
        this.training = training == null
                ? new TrainingSpec(null, null, null, null, null, null, null, null, null, null, null, null)
                : training;
        this.parameterServer = parameterServer == null ? new ParameterServerSpec(null, null) : parameterServer;
        this.numerics = numerics == null ? "portable" : numerics;
        this.onBadRecord = onBadRecord == null ? OnBadRecord.FAIL : onBadRecord;
    }

    /** Adds every fault that shows without the data. */
    void check(Problems problems) {
        problems.check(
                name.matches("[A-Za-z0-9][A-Za-z0-9_.-]{0,79}"),
                "name",
                "must be 1 to 80 letters, digits, - _ . and begin with a letter or digit, was \"" + name + "\"");
        if (data == null) {
            problems.add("data", "missing; at least {train: FILE, label: {column: NAME}}");
        } else {
            data.check("data", problems);
        }
        FeatureSpec.checkAll(features, "features", problems);
        if (model == null) {
            problems.add("model", "missing; such as {type: mlp, hidden: [128]}");
        } else {
            model.check("model", problems);
        }
        training.check("training", problems);
        parameterServer.check("parameterServer", problems);
        problems.check(
                numerics.equals("portable") || numerics.equals("native"),
                "numerics",
                "must be portable or native, was " + numerics);
        onBadRecord.check("onBadRecord", problems);
    }
}
