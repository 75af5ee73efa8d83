package dev.sampo.node.cli;

import dev.sampo.trainer.spec.JobSpec;
import dev.sampo.trainer.spec.JobSpecs;
import dev.sampo.trainer.spec.SpecSchema;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Checks a spec without running it. */
@Command(
        name = "validate",
        mixinStandardHelpOptions = true,
        description = "Checks a job spec and shows every fault with its path.",
        footer = {
            "",
            "Examples:",
            "  sampo validate examples/digits/mlp.yaml",
            "  sampo validate --schema > job.schema.json"
        })
final class ValidateCommand implements Callable<Integer> {
    @Parameters(paramLabel = "SPEC", arity = "0..1", description = "the job spec, YAML or JSON")
    private @Nullable Path spec;

    @Option(names = "--schema", description = "print the JSON Schema of job specs, for editors")
    private boolean schema;

    @Option(names = "--set", paramLabel = "PATH=VALUE", description = TrainCommand.SET_HELP)
    private List<String> sets = List.of();

    @Override
    public Integer call() throws Exception {
        if (schema) {
            System.out.print(SpecSchema.text());
            return 0;
        }
        if (spec == null) {
            throw new IllegalArgumentException("name a spec to validate, or --schema");
        }
        JobSpec job = JobSpecs.load(spec, sets);
        System.out.println("ok: job " + job.name());
        return 0;
    }
}
