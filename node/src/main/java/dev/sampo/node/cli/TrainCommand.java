package dev.sampo.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.cluster.Role;
import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.node.NodeOptions;
import dev.sampo.node.SampoNode;
import dev.sampo.node.client.JobClient;
import dev.sampo.node.client.UnreachableException;
import dev.sampo.trainer.spec.JobSpec;
import dev.sampo.trainer.spec.JobSpecs;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Trains a spec in a cluster of this one process. */
@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        description = "Trains a job in a cluster of this one process: the same actors and protocol as on many nodes.",
        footer = {
            "",
            "Examples:",
            "  sampo train examples/digits/mlp.yaml",
            "  sampo train examples/a9a.yaml --set data.train=a9a --set data.validation=a9a.t --workers 2",
            "",
            "Ctrl-C cancels the job, a second one ends the program at once.",
            "Exit codes: 0 done, 1 failed, 2 usage or spec error, 130 ended by Ctrl-C"
        })
final class TrainCommand implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Parameters(paramLabel = "SPEC", description = "the job spec, YAML or JSON")
    private Path spec = Path.of("");

    @Option(
            names = "--workers",
            paramLabel = "N",
            description = "compute lanes; changes the speed only (default: processors)")
    private @Nullable Integer workers;

    @Option(
            names = "--set",
            paramLabel = "PATH=VALUE",
            description = "overrides a value of the spec, such as training.epochs=3 or features[0].transform=minMax; "
                    + "relative data paths are those of the current folder")
    private List<String> sets = List.of();

    @Option(
            names = "--home",
            paramLabel = "DIR",
            description = "where jobs and models are kept (default: ${DEFAULT-VALUE})")
    private Path home = Path.of(".sampo");

    @Option(
            names = "--http-port",
            paramLabel = "PORT",
            description = "HTTP port of --serve (default: ${DEFAULT-VALUE})")
    private int httpPort = 8080;

    @Option(names = "--serve", description = "keep serving the model over HTTP after training")
    private boolean serve;

    @Option(names = "--json", description = "print one JSON object on stdout and nothing else there")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        JobSpec job = JobSpecs.load(spec, sets);
        if (workers != null && workers < 1) {
            throw new IllegalArgumentException("--workers must be ≥ 1, was " + workers);
        }
        Interrupts.install();
        int lanes = workers == null ? Runtime.getRuntime().availableProcessors() : workers;
        SampoNode node = SampoNode.start(new NodeOptions(
                EnumSet.allOf(Role.class),
                "127.0.0.1",
                0,
                List.of(),
                serve ? httpPort : -1,
                home.toAbsolutePath(),
                lanes));
        try {
            node.awaitUp(Duration.ofSeconds(30));
            return train(node, job);
        } finally {
            node.stop();
        }
    }

    private int train(SampoNode node, JobSpec job) throws Exception {
        try (JobClient client = JobClient.to(node.host() + ":" + node.port())) {
            ObjectNode body = JSON.createObjectNode();
            body.set("spec", JSON.readTree(JobSpecs.toJson(job)));
            String id = Follow.call(client, "submit", body).path("job").asText();
            AtomicBoolean ended = new AtomicBoolean();
            node.beforeStop("cancel-job", () -> cancel(client, id, ended));
            JsonNode view = Follow.untilEnd(client, id, json);
            ended.set(true);
            int code = Follow.report(view, json);
            if (serve && code == 0) {
                System.err.println("serving at http://127.0.0.1:" + node.httpPort() + "/v2/models/" + job.name()
                        + " (Ctrl-C ends)");
                node.awaitTermination();
            }
            return code;
        }
    }

    /** On Ctrl-C: the job ends as cancelled before the process does. */
    private static void cancel(JobClient client, String id, AtomicBoolean ended) {
        if (ended.get()) {
            return;
        }
        try {
            client.call(new ApiRequest("cancel", Follow.job(id).toString()));
            System.err.println("\nsampo: job " + id + " cancelled");
        } catch (UnreachableException e) {
            System.err.println("\nsampo: job " + id + " could not be cancelled: " + e.getMessage());
        }
    }
}
