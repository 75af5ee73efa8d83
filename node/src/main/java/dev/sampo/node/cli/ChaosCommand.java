package dev.sampo.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.cluster.Role;
import dev.sampo.node.NodeOptions;
import dev.sampo.node.SampoNode;
import dev.sampo.node.chaos.ChaosRun;
import dev.sampo.node.chaos.ChaosRun.Outcome;
import dev.sampo.node.chaos.ClusterProcesses;
import dev.sampo.node.chaos.Fault;
import dev.sampo.node.chaos.MemoryWatch;
import dev.sampo.node.client.JobClient;
import dev.sampo.trainer.spec.JobSpec;
import dev.sampo.trainer.spec.JobSpecs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sampo chaos}: one job undisturbed in one process, and again on a cluster of processes that are tortured. */
@Command(
        name = "chaos",
        mixinStandardHelpOptions = true,
        description =
                "Trains a job in one process, then on a cluster of processes of this machine that it kills, freezes,"
                        + " drains and scales by a plan; the models must be the same bits, and without synchronous steps every"
                        + " row must count once.",
        footer = {
            "",
            "A plan is a list of faults, one after the other, each once training goes on after the one before:",
            "  kill ROLE [ROLE...]    SIGKILL of a node of each role, all at once; kill all: of every node;",
            "                         others start a second later",
            "  drain ROLE             SIGTERM; another starts when it has gone",
            "  freeze ROLE SECONDS    SIGSTOP, and SIGCONT later",
            "  cut ROLE ROLE SECONDS  nothing gets from one node to the other (Linux, as root)",
            "  scale ROLE NODES       so many nodes of the role",
            "  wait SECONDS",
            "",
            "Examples:",
            "  sampo chaos job.yaml --plan \"kill worker; kill ps; drain ps; kill coordinator ps; kill all\"",
            "  sampo chaos job.yaml --random 12 --seed 7 --ps 3",
            "",
            "Exit codes: 0 the same bits and every row once, 1 not, 2 usage or spec error"
        })
final class ChaosCommand implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Parameters(
            paramLabel = "SPEC",
            description = "the job spec, YAML or JSON; of some minutes, to have time for faults")
    private Path spec = Path.of("");

    @Option(names = "--set", paramLabel = "PATH=VALUE", description = TrainCommand.SET_HELP)
    private List<String> sets = List.of();

    @Option(names = "--plan", description = "the faults, such as \"kill worker; drain ps\"")
    private @Nullable String plan;

    @Option(names = "--random", paramLabel = "N", description = "so many faults by chance")
    private @Nullable Integer random;

    @Option(names = "--repeat", paramLabel = "N", description = "the whole plan so many times (default: 1)")
    private int repeat = 1;

    @Option(names = "--every", paramLabel = "SECONDS", description = "wait so long after each fault")
    private int every;

    @Option(
            names = "--memory",
            description = "look at every process's memory, threads and open files now and then (Linux)")
    private boolean memory;

    @Option(names = "--seed", description = "of victims, and of --random (default: ${DEFAULT-VALUE})")
    private long seed = 1;

    @Option(
            names = "--coordinators",
            paramLabel = "N",
            description = "coordinator nodes; more than one need a journal in PostgreSQL:"
                    + " -Dsampo.journal.url=… in SAMPO_JAVA_OPTS (default: ${DEFAULT-VALUE})")
    private int coordinators = 1;

    @Option(names = "--ps", paramLabel = "N", description = "nodes with role ps (default: ${DEFAULT-VALUE})")
    private int ps = 2;

    @Option(names = "--workers", paramLabel = "N", description = "worker nodes (default: ${DEFAULT-VALUE})")
    private int workers = 2;

    @Option(names = "--ingest", paramLabel = "N", description = "ingest nodes (default: ${DEFAULT-VALUE})")
    private int ingest = 2;

    @Option(
            names = "--home",
            paramLabel = "DIR",
            description = "where the nodes keep everything, and their logs (default: a new folder)")
    private @Nullable Path home;

    @Option(names = "--json", description = "print one JSON object on stdout and nothing else there")
    private boolean json;

    private List<MemoryWatch.Trend> trends = List.of();

    @Override
    public Integer call() throws Exception {
        JobSpec job = JobSpecs.load(spec, sets);
        if ((plan == null) == (random == null)) {
            throw new IllegalArgumentException("say either --plan or --random");
        }
        List<Fault> faults = plan != null ? Fault.plan(plan) : Fault.random(random == null ? 0 : random, seed);
        if (repeat < 1) {
            throw new IllegalArgumentException("--repeat must be ≥ 1, was " + repeat);
        }
        faults = Collections.nCopies(repeat, faults).stream()
                .flatMap(List::stream)
                .toList();
        if (every > 0) {
            faults = faults.stream()
                    .flatMap(fault -> Stream.of(fault, new Fault(Fault.Kind.WAIT, List.of(), every)))
                    .toList();
        }
        if (coordinators < 1 || ps < 1 || workers < 1 || ingest < 1) {
            throw new IllegalArgumentException("--coordinators, --ps, --workers and --ingest must be ≥ 1");
        }
        if (coordinators > 1 && System.getProperty("sampo.journal.url", "").isEmpty()) {
            throw new IllegalArgumentException("--coordinators " + coordinators
                    + ": several need a journal in PostgreSQL; set SAMPO_JAVA_OPTS=\"-Dsampo.journal.url=jdbc:postgresql://…"
                    + " -Dsampo.journal.user=… -Dsampo.journal.password=…\"");
        }
        Path root = home == null ? Files.createTempDirectory("sampo-chaos") : Files.createDirectories(home);
        ObjectNode body = JSON.createObjectNode();
        body.set("spec", JSON.readTree(JobSpecs.toJson(job)));
        System.err.println("sampo: undisturbed, in one process");
        JsonNode alone = undisturbed(root.resolve("undisturbed"), body);
        System.err.println("sampo: with " + faults.size() + " faults on a cluster of " + coordinators + " coordinator, "
                + ps + " ps, " + workers + " worker, " + ingest + " ingest; logs in " + root.resolve("cluster"));
        List<Outcome> outcomes = new ArrayList<>();
        JsonNode tortured = tortured(Files.createDirectories(root.resolve("cluster")), body, faults, outcomes);
        return report(job.training().consistency().plan().synchronous(), alone, tortured, faults.size(), outcomes);
    }

    private JsonNode undisturbed(Path folder, ObjectNode body) throws Exception {
        SampoNode node = SampoNode.start(new NodeOptions(
                EnumSet.allOf(Role.class), "127.0.0.1", 0, List.of(), -1, folder.toAbsolutePath(), workers));
        try (JobClient client = JobClient.to(node.host() + ":" + node.port())) {
            node.awaitUp(Duration.ofSeconds(30));
            String id = Follow.call(client, "submit", body).path("job").asText();
            return Follow.untilEnd(client, id, json);
        } finally {
            node.stop();
        }
    }

    private JsonNode tortured(Path folder, ObjectNode body, List<Fault> faults, List<Outcome> outcomes)
            throws Exception {
        Map<Role, Integer> nodes = new EnumMap<>(Role.class);
        nodes.put(Role.COORDINATOR, coordinators);
        nodes.put(Role.PS, ps);
        nodes.put(Role.WORKER, workers);
        nodes.put(Role.INGEST, ingest);
        boolean cuttable = faults.stream().anyMatch(fault -> fault.kind() == Fault.Kind.CUT);
        try (MemoryWatch watch = memory ? new MemoryWatch() : null;
                ClusterProcesses cluster = ClusterProcesses.start(folder.toAbsolutePath(), nodes, cuttable);
                JobClient client = JobClient.to(cluster.http().findFirst().orElseThrow())) {
            String id = Follow.call(client, "submit", body).path("job").asText();
            ChaosRun run = new ChaosRun(cluster, id, seed, outcome -> {
                outcomes.add(outcome);
                System.err.printf(
                        "sampo: %2d/%d  %-28s at step %-8d longest pause %6d ms%s%n",
                        outcomes.size(),
                        faults.size(),
                        outcome.fault(),
                        outcome.step(),
                        outcome.pauseMs(),
                        outcome.ended() ? " (the job ended)" : "");
            });
            JsonNode view =
                    watch == null ? run.run(faults) : run.watching(watch).run(faults);
            if (watch != null) {
                trends = watch.trends();
            }
            return view;
        }
    }

    private int report(boolean synchronous, JsonNode alone, JsonNode tortured, int faults, List<Outcome> outcomes) {
        boolean everyRowOnce = tortured.path("state").asText().equals("done")
                && tortured.path("rowsApplied").equals(alone.path("rowsApplied"))
                && tortured.path("contributions").equals(alone.path("contributions"));
        boolean same = everyRowOnce && sha(tortured).equals(sha(alone));
        boolean all = outcomes.size() == faults;
        if (json) {
            System.out.println(asJson(same, everyRowOnce, alone, tortured, outcomes));
        } else {
            pauses(outcomes)
                    .forEach((fault, pauses) -> System.out.printf(
                            "%-28s %3d times, pause median %6d ms, worst %6d ms%n",
                            fault, pauses.size(), pauses.get(pauses.size() / 2), pauses.get(pauses.size() - 1)));
            if (memory) {
                printTrends();
            }
            System.out.println("undisturbed  " + line(alone));
            System.out.println("tortured     " + line(tortured) + "; " + tortured.path("recoveries")
                    + " times back to a checkpoint, " + tortured.path("shardsMoved")
                    + " shards moved with their state, " + tortured.path("duplicates") + " duplicates, "
                    + tortured.path("retries") + " retries");
            if (!all) {
                System.out.println("the job ended after " + outcomes.size() + " of " + faults
                        + " faults; train longer to see all of them");
            }
            System.out.println(verdict(synchronous, same, everyRowOnce, tortured));
        }
        return (synchronous ? same : everyRowOnce) && all ? 0 : Cli.FAILED;
    }

    private void printTrends() {
        System.out.printf(
                "%-14s %7s  %-17s %-17s %-9s %-9s%n",
                "process", "lived", "live heap MB", "outside heap MB", "threads", "files");
        for (MemoryWatch.Trend trend : trends) {
            System.out.printf(
                    "%-14s %5d s  %7.1f > %6.1f  %7.1f > %6.1f  %3d > %3d %3d > %3d%n",
                    trend.name(),
                    trend.livedSeconds(),
                    trend.begin().liveKb() / 1024.0,
                    trend.end().liveKb() / 1024.0,
                    trend.begin().outsideKb() / 1024.0,
                    trend.end().outsideKb() / 1024.0,
                    trend.begin().threads(),
                    trend.end().threads(),
                    trend.begin().files(),
                    trend.end().files());
        }
    }

    private static String verdict(boolean synchronous, boolean same, boolean everyRowOnce, JsonNode tortured) {
        if (same) {
            return "the same bits";
        }
        if (!synchronous && everyRowOnce) {
            return "every row once; without synchronous steps the bits depend on who is faster";
        }
        return (everyRowOnce ? "NOT the same bits" : "NOT every row once")
                + (tortured.hasNonNull("reason")
                        ? ": " + tortured.path("reason").asText()
                        : "");
    }

    private static String sha(JsonNode view) {
        return view.path("model").path("weightsSha256").asText();
    }

    private static String line(JsonNode view) {
        JsonNode loss = view.path("metrics").path("validation").path("loss");
        return sha(view) + "  rows applied " + view.path("rowsApplied") + " in " + view.path("contributions")
                + " contributions" + (loss.isNumber() ? ", validation loss " + loss : "");
    }

    /** Sorted pauses by fault; a job that had ended before says nothing. */
    private static Map<String, List<Long>> pauses(List<Outcome> outcomes) {
        Map<String, List<Long>> pauses = new LinkedHashMap<>();
        for (Outcome outcome : outcomes) {
            if (!outcome.ended()) {
                pauses.computeIfAbsent(outcome.fault().toString(), fault -> new ArrayList<>())
                        .add(outcome.pauseMs());
            }
        }
        pauses.values().forEach(Collections::sort);
        return pauses;
    }

    private ObjectNode asJson(
            boolean same, boolean everyRowOnce, JsonNode alone, JsonNode tortured, List<Outcome> outcomes) {
        ObjectNode result = JSON.createObjectNode();
        result.put("same", same).put("everyRowOnce", everyRowOnce);
        result.put("weightsSha256", sha(tortured)).put("undisturbed", sha(alone));
        for (String field : List.of(
                "state", "rowsApplied", "contributions", "recoveries", "shardsMoved", "duplicates", "retries")) {
            result.set(field, tortured.path(field));
        }
        if (memory) {
            result.set("memory", JSON.valueToTree(trends));
        }
        var list = result.putArray("faults");
        for (Outcome outcome : outcomes) {
            list.addObject()
                    .put("fault", outcome.fault().toString())
                    .put("step", outcome.step())
                    .put("pauseMs", outcome.pauseMs())
                    .put("ended", outcome.ended());
        }
        return result;
    }
}
