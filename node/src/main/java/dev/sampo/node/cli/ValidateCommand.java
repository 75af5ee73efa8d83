package dev.sampo.node.cli;

import dev.sampo.trainer.spec.JobSpec;
import dev.sampo.trainer.spec.JobSpecs;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Checks a spec without running it. */
@Command(
        name = "validate",
        mixinStandardHelpOptions = true,
        description = "Checks a job spec and shows every fault with its path.",
        footer = {"", "Example:", "  sampo validate examples/digits/mlp.yaml"})
final class ValidateCommand implements Callable<Integer> {
    @Parameters(paramLabel = "SPEC", description = "the job spec, YAML or JSON")
    private Path spec = Path.of("");

    @Option(names = "--set", paramLabel = "PATH=VALUE", description = "overrides a value of the spec")
    private List<String> sets = List.of();

    @Override
    public Integer call() throws Exception {
        JobSpec job = JobSpecs.load(spec, sets);
        System.out.println("ok: job " + job.name());
        return 0;
    }
}
