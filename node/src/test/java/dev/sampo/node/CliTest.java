package dev.sampo.node;

import static dev.sampo.node.Sampo.run;
import static dev.sampo.node.Sampo.runWith;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import dev.sampo.node.Sampo.Ran;
import dev.sampo.node.cli.Cli;
import dev.sampo.node.client.JobClient;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** Help, exit codes and messages of every command, and what goes to stdout. */
class CliTest {
    @TempDir
    private static Path home;

    private static TestCluster cluster;
    private static Path spec;

    @BeforeAll
    static void trainOnce() throws Exception {
        cluster = TestCluster.of(home, 1);
        spec = Files.writeString(
                home.resolve("job.json"),
                TestCluster.spec("asked", TestCluster.rows(home)).toString());
        try (JobClient client = cluster.client()) {
            TestCluster.sha(TestCluster.train(client, TestCluster.spec("asked", TestCluster.rows(home))));
        }
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    static Stream<String> commands() {
        return new CommandLine(new Cli()).getSubcommands().keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandHasHelpWithExamples(String command) {
        Ran help = run(command, "--help");
        assertThat(help.code()).isZero();
        assertThat(help.out())
                .contains("Usage: sampo " + command)
                .contains("Examples:")
                .contains("sampo " + command);
        assertThat(help.out().lines())
                .as("fits a terminal")
                .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(100));
    }

    @Test
    void theTopHelpNamesCommandsAndExitCodes() {
        Ran help = run("--help");
        assertThat(help.code()).isZero();
        assertThat(help.out()).contains(commands().toList()).contains("Exit codes: 0 ok, 1 job failed");
        assertThat(run("--version").out()).startsWith("sampo ");
        assertThat(run().code()).isEqualTo(2);
    }

    @Test
    void completionIsAShellScript() throws Exception {
        Ran script = run("completion");
        assertThat(script.code()).isZero();
        Path file = Files.writeString(home.resolve("completion"), script.out());
        Process check = new ProcessBuilder("bash", "-n", file.toString()).start();
        assertThat(check.waitFor()).isZero();
        assertThat(script.out()).contains("--workers");
    }

    @Test
    void misspeltNamesGiveTheNearest() {
        Ran command = run("trian", "x.yaml");
        assertThat(command.code()).isEqualTo(2);
        assertThat(command.err()).contains("sampo train");
        Ran option = run("train", "x.yaml", "--worker", "2");
        assertThat(option.code()).isEqualTo(2);
        assertThat(option.err()).contains("--workers");
        Ran role = run("node", "--roles", "wrker");
        assertThat(role.code()).isEqualTo(2);
        assertThat(role.err()).contains("unknown role \"wrker\"").contains("worker");
        Ran job = run("status", "askd-1", "--cluster", cluster.http());
        assertThat(job.code()).isEqualTo(2);
        assertThat(job.err()).contains("no job \"askd-1\"").contains("asked-1");
        Ran model = run("predict", "askd", "--data", spec.toString(), "--cluster", cluster.http());
        assertThat(model.code()).isEqualTo(2);
        assertThat(model.err()).contains("askd").contains("asked");
    }

    @Test
    void specFaultsAreListedAndExitWithTwo() {
        Ran bad = run("validate", spec.toString(), "--set", "training.epochs=0", "--set", "training.rank=2");
        assertThat(bad.code()).isEqualTo(2);
        assertThat(bad.err())
                .contains("training.epochs: must be ≥ 1, was 0")
                .contains("training.rank: unknown key, did you mean ranks?");
        assertThat(run("validate", spec.toString()).out()).contains("ok: job asked");
        assertThat(run("validate", "nowhere.yaml").code()).isEqualTo(2);
        assertThat(run("validate").code()).isEqualTo(2);
        Ran submitted = run("submit", spec.toString(), "--set", "numerics=fast", "--cluster", cluster.http());
        assertThat(submitted.code()).isEqualTo(2);
    }

    @Test
    void theSchemaIsPrinted() throws Exception {
        assertThat(run("validate", "--schema").json().path("title").asText()).isEqualTo("Sampo job spec");
    }

    @Test
    void trainPrintsOneJsonObjectAndNothingElse() throws Exception {
        Path fresh = home.resolve("train-home");
        Ran ran = run("train", spec.toString(), "--json", "--workers", "1", "--home", fresh.toString());
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.out().lines()).hasSize(1);
        JsonNode view = ran.json();
        assertThat(view.path("state").asText()).isEqualTo("done");
        assertThat(view.path("rowsApplied").asLong())
                .isEqualTo(4 * view.path("rowsPerEpoch").asLong());
        assertThat(view.path("steps").asLong()).isPositive();
        assertThat(view.path("model").path("weightsSha256").asText()).hasSize(64);
        assertThat(Path.of(view.path("model").path("path").asText())).isDirectory();
        assertThat(view.path("metrics").path("validation").path("auc").asDouble())
                .isGreaterThan(0.9);
        assertThat(view.path("numerics").path("threadsPerLane").asInt()).isEqualTo(1);
        for (String phase : List.of("start", "index", "train", "evaluate", "publish")) {
            assertThat(view.path("seconds").has(phase)).as(phase).isTrue();
        }
    }

    @Test
    void trainEndsWithATableAndAFailedJobWithOne() {
        Path fresh = home.resolve("table-home");
        Ran ran = run("train", spec.toString(), "--home", fresh.toString(), "--set", "training.epochs=2");
        assertThat(ran.code()).isZero();
        assertThat(ran.out())
                .contains("asked:1")
                .contains("weights sha256")
                .contains("accuracy")
                .contains("index");
        assertThat(ran.err()).contains("done  epoch 2/2");
        Ran failed = run(
                "train",
                spec.toString(),
                "--home",
                fresh.toString(),
                "--set",
                "data.train=" + home.resolve("gone.csv"));
        assertThat(failed.code()).isEqualTo(1);
        assertThat(failed.out()).contains("failed").contains("gone.csv");
    }

    @Test
    void statusJobsNodesAndModelsAreTables() throws Exception {
        for (String door : List.of(cluster.address(), cluster.http())) {
            assertThat(run("status", "asked-1", "--cluster", door).out())
                    .contains("done")
                    .contains("weights sha256");
            assertThat(run("status", "asked-1", "--cluster", door, "--json")
                            .json()
                            .path("epochsDone")
                            .asInt())
                    .isEqualTo(4);
            assertThat(run("jobs", "--cluster", door).out()).contains("JOB").contains("asked-1");
            assertThat(run("nodes", "--cluster", door).out()).contains("ROLES").contains("coordinator");
            assertThat(run("models", "--cluster", door).out())
                    .contains("WEIGHTS")
                    .contains("asked");
        }
    }

    @Test
    void rowsToPredictAreCsvOrJsonLines() throws Exception {
        String csv = "color,a,b,extra\nred,3,3,x\nblue,-3,-3,y\n";
        Ran asCsv = runWith(csv, "predict", "asked:1", "--data", "-", "--cluster", cluster.http());
        assertThat(asCsv.code()).as(asCsv.err()).isZero();
        assertThat(asCsv.out().lines().map(line -> line.split(" ")[0])).containsExactly("yes", "no");
        String json = "{\"a\": 3, \"b\": 3, \"color\": \"red\"}\n\n{\"b\": -3, \"a\": -3, \"color\": \"blue\"}\n";
        assertThat(runWith(json, "predict", "asked:1", "--data", "-", "--cluster", cluster.address())
                        .out())
                .isEqualTo(asCsv.out());
        Path many = Files.writeString(
                home.resolve("many.csv"), "a,b,color\n" + "0.123456789,-0.987654321,green\n".repeat(9000));
        Ran all = run("predict", "asked", "--data", many.toString(), "--cluster", cluster.address(), "--json");
        assertThat(all.json().path("predictions"))
                .as("more than one request holds")
                .hasSize(9000);
    }

    @Test
    void rowsThatCannotBePredictedAreNamed() {
        assertRefused("a,b,color\n1,2,red\n1,2\n", "line 3: expected 3 fields as in the header, found 2");
        assertRefused("{\"a\": 1}\n{", "line 2: not JSON");
        assertRefused("", "the data is empty");
        assertRefused("a,b\n1,2\n", "color");
        assertRefused("a,b,color\nten,2,red\n", "ten");
        Ran version =
                runWith("a,b,color\n1,2,red\n", "predict", "asked:99", "--data", "-", "--cluster", cluster.http());
        assertThat(version.code()).isEqualTo(2);
        assertThat(version.err()).contains("99");
    }

    private static void assertRefused(String rows, String message) {
        Ran ran = runWith(rows, "predict", "asked", "--data", "-", "--cluster", cluster.http());
        assertThat(ran.code()).as(ran.out()).isEqualTo(2);
        assertThat(ran.err()).contains(message);
    }

    @Test
    void aPortInUseIsAUsageError() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String port = Integer.toString(taken.getLocalPort());
            Ran node = run(
                    "node",
                    "--roles",
                    "ps",
                    "--port",
                    port,
                    "--home",
                    home.resolve("n").toString());
            assertThat(node.code()).isEqualTo(2);
            assertThat(node.err()).contains("can't listen on 127.0.0.1:" + port).contains("another --port");
        }
    }

    @Test
    void whoDoesNotAnswerAsANodeIsUnreachable() throws Exception {
        assertThat(run("jobs", "--cluster", "nonsense").code()).isEqualTo(2);
        Ran closed = run("jobs", "--cluster", "http://127.0.0.1:1");
        assertThat(closed.code()).isEqualTo(3);
        assertThat(closed.err()).contains("no cluster answers at http://127.0.0.1:1");
        HttpServer other = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        other.createContext("/", exchange -> {
            exchange.sendResponseHeaders(404, 0);
            exchange.getResponseBody().write("<html>".getBytes());
            exchange.close();
        });
        other.start();
        try {
            Ran foreign = run(
                    "jobs",
                    "--cluster",
                    "http://127.0.0.1:" + other.getAddress().getPort());
            assertThat(foreign.code()).isEqualTo(3);
            assertThat(foreign.err()).contains("not as a Sampo node does");
        } finally {
            other.stop(0);
        }
    }
}
