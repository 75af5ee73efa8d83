package dev.sampo.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.node.client.Credentials;
import dev.sampo.node.client.JobClient;
import dev.sampo.trainer.spec.JobSpecs;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands that ask a running cluster something. */
final class ClusterCommands {
    private static final ObjectMapper JSON = new ObjectMapper();

    private ClusterCommands() {}

    /** What they share: the address, and the form of the answer. */
    @Command(mixinStandardHelpOptions = true, defaultValueProvider = EnvironmentDefaults.OfClient.class)
    abstract static class Base implements Callable<Integer> {
        @Option(
                names = "--cluster",
                paramLabel = "ADDRESS",
                description = "host:port of a node, or http://host:port (SAMPO_CLUSTER; default: ${DEFAULT-VALUE})")
        String cluster = "127.0.0.1:17355";

        @Option(
                names = "--tls-dir",
                paramLabel = "DIR",
                description = "tls.crt, tls.key and ca.crt to show to nodes that speak TLS (SAMPO_TLS_DIR)")
        @Nullable Path tlsDir;

        @Option(
                names = "--ca",
                paramLabel = "FILE",
                description =
                        "whom to believe at https://host:port (SAMPO_CA; default: that of --tls-dir, or the JVM's)")
        @Nullable Path ca;

        @Option(
                names = "--token-file",
                paramLabel = "FILE",
                description = "with the bearer token of the HTTP API (SAMPO_TOKEN_FILE)")
        @Nullable Path tokenFile;

        @Option(names = "--json", description = "print one JSON object on stdout and nothing else there")
        boolean json;

        @Override
        public final Integer call() throws Exception {
            try (JobClient client = JobClient.to(cluster, new Credentials(tlsDir, ca, tokenFile))) {
                return run(client);
            }
        }

        abstract int run(JobClient client) throws Exception;
    }

    /** Submits a spec. */
    @Command(
            name = "submit",
            description = "Submits a job to a cluster.",
            footer = {"", "Examples:", "  sampo submit job.yaml --cluster http://127.0.0.1:8080 --wait"})
    static final class Submit extends Base {
        @Parameters(
                paramLabel = "SPEC",
                description = "the job spec, YAML or JSON; its files must be where the nodes see them")
        private Path spec = Path.of("");

        @Option(names = "--set", paramLabel = "PATH=VALUE", description = TrainCommand.SET_HELP)
        private List<String> sets = List.of();

        @Option(names = "--wait", description = "follow the job to its end")
        private boolean wait;

        @Override
        int run(JobClient client) throws Exception {
            ObjectNode body = JSON.createObjectNode();
            body.set("spec", JSON.readTree(JobSpecs.toJson(JobSpecs.load(spec, sets))));
            JsonNode answer = Follow.call(client, "submit", body);
            if (wait) {
                return Follow.report(Follow.untilEnd(client, answer.path("job").asText(), json), json);
            }
            System.out.println(json ? answer.toString() : answer.path("job").asText());
            return 0;
        }
    }

    /** Lists jobs. */
    @Command(
            name = "jobs",
            description = "Lists the jobs.",
            footer = {"", "Examples:", "  sampo jobs --cluster 127.0.0.1:17355"})
    static final class Jobs extends Base {
        @Override
        int run(JobClient client) throws Exception {
            JsonNode answer = Follow.call(client, "jobs", JSON.createObjectNode());
            if (json) {
                System.out.println(answer);
                return 0;
            }
            System.out.printf("%-32s %-11s %-9s %-15s %s%n", "JOB", "STATE", "EPOCH", "STEP", "LOSS");
            for (JsonNode view : answer.path("jobs")) {
                System.out.printf(
                        "%-32s %-11s %-9s %-15s %s%n",
                        view.path("job").asText(),
                        view.path("state").asText(),
                        view.path("epoch").asInt() + "/" + view.path("epochs").asInt(),
                        view.path("step").asLong() + "/" + view.path("steps").asLong(),
                        view.hasNonNull("loss")
                                ? String.format("%.5f", view.path("loss").asDouble())
                                : "-");
            }
            return 0;
        }
    }

    /** One job by its id. */
    abstract static class OneJob extends Base {
        @Parameters(paramLabel = "ID", description = "the job's id, see sampo jobs")
        String id = "";

        int control(JobClient client, String operation) throws Exception {
            JsonNode view = Follow.call(client, operation, Follow.job(id));
            System.out.println(
                    json
                            ? view.toString()
                            : id + ": " + operation + " asked for, was "
                                    + view.path("state").asText());
            return 0;
        }
    }

    /** Shows one job. */
    @Command(
            name = "status",
            description = "Shows a job.",
            footer = {"", "Examples:", "  sampo status digits-mlp-1 --follow"})
    static final class Status extends OneJob {
        @Option(names = "--follow", description = "follow the job to its end")
        private boolean follow;

        @Override
        int run(JobClient client) throws Exception {
            if (follow) {
                return Follow.report(Follow.untilEnd(client, id, json), json);
            }
            JsonNode view = Follow.call(client, "status", Follow.job(id));
            if (json) {
                System.out.println(view);
            } else {
                Follow.table(view);
            }
            return 0;
        }
    }

    /** Cancels a job. */
    @Command(
            name = "cancel",
            description = "Cancels a job.",
            footer = {"", "Examples:", "  sampo cancel digits-mlp-1"})
    static final class Cancel extends OneJob {
        @Override
        int run(JobClient client) throws Exception {
            return control(client, "cancel");
        }
    }

    /** Pauses a job. */
    @Command(
            name = "pause",
            description = "Pauses a job between two steps.",
            footer = {"", "Examples:", "  sampo pause digits-mlp-1"})
    static final class Pause extends OneJob {
        @Override
        int run(JobClient client) throws Exception {
            return control(client, "pause");
        }
    }

    /** Resumes a job. */
    @Command(
            name = "resume",
            description = "Lets a paused job go on.",
            footer = {"", "Examples:", "  sampo resume digits-mlp-1"})
    static final class Resume extends OneJob {
        @Override
        int run(JobClient client) throws Exception {
            return control(client, "resume");
        }
    }

    /** Lists nodes. */
    @Command(
            name = "nodes",
            description = "Lists the cluster's nodes.",
            footer = {"", "Examples:", "  sampo nodes"})
    static final class Nodes extends Base {
        @Override
        int run(JobClient client) throws Exception {
            JsonNode answer = Follow.call(client, "nodes", JSON.createObjectNode());
            if (json) {
                System.out.println(answer);
                return 0;
            }
            System.out.printf("%-24s %-12s %s%n", "ADDRESS", "STATUS", "ROLES");
            for (JsonNode node : answer.path("nodes")) {
                String roles = StreamSupport.stream(node.path("roles").spliterator(), false)
                        .map(JsonNode::asText)
                        .collect(Collectors.joining(","));
                System.out.printf(
                        "%-24s %-12s %s%n",
                        node.path("address").asText(), node.path("status").asText(), roles);
            }
            return 0;
        }
    }

    /** Lists models. */
    @Command(
            name = "models",
            description = "Lists the published model versions.",
            footer = {"", "Examples:", "  sampo models"})
    static final class Models extends Base {
        @Override
        int run(JobClient client) throws Exception {
            JsonNode answer = Follow.call(client, "models", JSON.createObjectNode());
            if (json) {
                System.out.println(answer);
                return 0;
            }
            System.out.printf("%-24s %-8s %-10s %-21s %s%n", "MODEL", "VERSION", "STATE", "CREATED", "WEIGHTS");
            for (JsonNode model : answer.path("models")) {
                String sha = model.path("weightsSha256").asText();
                System.out.printf(
                        "%-24s %-8d %-10s %-21s %s%n",
                        model.path("name").asText(),
                        model.path("version").asInt(),
                        model.path("state").asText(),
                        model.path("created").asText().replaceFirst("\\.\\d+", ""),
                        sha.substring(0, Math.min(12, sha.length())));
            }
            return 0;
        }
    }
}
