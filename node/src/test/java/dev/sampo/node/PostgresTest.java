package dev.sampo.node;

import static dev.sampo.node.TestCluster.JSON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.sampo.cluster.Role;
import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.cluster.api.ApiResponse;
import dev.sampo.cluster.journal.Journal;
import dev.sampo.cluster.journal.JournalSchema;
import dev.sampo.cluster.journal.JournalSettings;
import dev.sampo.cluster.wire.CborSerializable;
import dev.sampo.node.chaos.ClusterProcesses;
import dev.sampo.node.client.JobClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.pekko.actor.typed.ActorSystem;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The journal in a real PostgreSQL, which is stopped and started again. */
class PostgresTest {
    private static Postgres postgres;

    @TempDir
    private Path home;

    /** A fact of the test's own. */
    record Fact(int number) implements CborSerializable {}

    @BeforeAll
    static void begin() throws Exception {
        postgres = Postgres.start();
    }

    @AfterAll
    static void end() throws Exception {
        if (postgres != null) {
            postgres.close();
        }
    }

    private static JournalSettings settings(String url) {
        return new JournalSettings(url, Postgres.USER, "");
    }

    @Test
    void coordinatorsThatStartAtOnceMakeTheTablesOnce() throws Exception {
        for (int i = 0; i < 5; i++) {
            JournalSettings settings = settings(postgres.database("race" + i));
            List<CompletableFuture<Void>> starts = IntStream.range(0, 4)
                    .mapToObj(each ->
                            CompletableFuture.runAsync(() -> JournalSchema.create(settings, Duration.ofSeconds(5))))
                    .toList();
            for (var start : starts) {
                start.get(30, TimeUnit.SECONDS);
            }
        }
    }

    @Test
    void whatCannotBeMendedByWaitingIsToldAtOnce() {
        assertThatThrownBy(() -> JournalSchema.create(settings(postgres.url("nosuch")), Duration.ofMinutes(5)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("nosuch")
                .hasMessageContaining("sampo.journal.user");
    }

    /** Tells what it hears, in order. */
    private static final class Heard implements Journal.Owner<Fact> {
        private final CompletableFuture<List<Fact>> recovered = new CompletableFuture<>();
        private final BlockingQueue<Integer> durable = new LinkedBlockingQueue<>();
        private final BlockingQueue<String> troubles = new LinkedBlockingQueue<>();

        @Override
        public void recovered(List<Fact> facts) {
            assertThat(recovered.complete(facts)).as("told once").isTrue();
        }

        @Override
        public void trouble(String reason) {
            troubles.add(reason);
        }

        /** That it is back again, which comes in between or not, is no trouble. */
        private @Nullable String nextTrouble() throws InterruptedException {
            String reason;
            do {
                reason = troubles.poll(20, TimeUnit.SECONDS);
            } while (reason != null && reason.isEmpty());
            return reason;
        }
    }

    private static Config config(JournalSettings settings) {
        return settings.toConfig()
                .withFallback(
                        new dev.sampo.cluster.NodeSettings(EnumSet.of(Role.COORDINATOR), "127.0.0.1", 0, List.of())
                                .toConfig()
                                .withFallback(ConfigFactory.load()))
                .resolve();
    }

    @Test
    void factsAreDurableOnceAndInOrderThoughTheDatabaseCrashes() throws Exception {
        JournalSettings settings = settings(postgres.database("facts"));
        JournalSchema.create(settings, Duration.ofSeconds(5));
        Heard heard = new Heard();
        ActorSystem<Journal.Command<Fact>> journal =
                ActorSystem.create(Journal.create("test", heard), "first", config(settings));
        int count = 300;
        try {
            assertThat(heard.recovered.get(20, TimeUnit.SECONDS)).isEmpty();
            for (int i = 0; i < count; i++) {
                int number = i;
                journal.tell(new Journal.Append<>(new Fact(number), () -> heard.durable.add(number)));
                if (i == 100 || i == 200) {
                    postgres.down();
                }
                if (i == 150 || i == 250) {
                    assertThat(heard.nextTrouble()).contains("the journal (jdbc:postgresql:");
                    postgres.up();
                }
                Thread.sleep(2);
            }
            for (int i = 0; i < count; i++) {
                assertThat(heard.durable.poll(30, TimeUnit.SECONDS)).isEqualTo(i);
            }
        } finally {
            journal.terminate();
            journal.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
        }
        Heard again = new Heard();
        ActorSystem<Journal.Command<Fact>> reader =
                ActorSystem.create(Journal.create("test", again), "second", config(settings));
        try {
            assertThat(again.recovered.get(20, TimeUnit.SECONDS))
                    .isEqualTo(IntStream.range(0, count).mapToObj(Fact::new).toList());
        } finally {
            reader.terminate();
        }
    }

    @Test
    void aJobWaitsForTheDatabaseAndSaysSo() throws Exception {
        ObjectNode job = TestCluster.spec("patient", TestCluster.rows(home));
        // An epoch takes milliseconds: enough of them that the database goes long before the job is done.
        job.withObject("/training").put("epochs", 400);
        String alone;
        try (TestCluster cluster = TestCluster.of(Files.createDirectories(home.resolve("alone")), 2);
                JobClient client = cluster.client()) {
            alone = TestCluster.sha(TestCluster.train(client, job));
        }
        System.setProperty("sampo.journal.url", postgres.database("job"));
        ConfigFactory.invalidateCaches();
        try (TestCluster cluster = TestCluster.of(Files.createDirectories(home.resolve("postgres")), 2);
                JobClient client = cluster.client()) {
            String id = TestCluster.submit(client, job);
            await(client, id, view -> view.path("epochsDone").asInt() >= 3);
            postgres.down();
            JsonNode waiting = await(client, id, view -> view.hasNonNull("waitingFor"));
            assertThat(waiting.path("waitingFor").asText()).contains("the journal (jdbc:postgresql:");
            ApiResponse refused = client.call(new ApiRequest(
                    "submit",
                    JSON.createObjectNode().<ObjectNode>set("spec", job).toString()));
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.body()).contains("the journal (jdbc:postgresql:");
            postgres.up();
            JsonNode done =
                    await(client, id, view -> view.path("state").asText().matches("done|failed"));
            assertThat(TestCluster.sha(done)).isEqualTo(alone);
            assertThat(done.path("recoveries").asInt())
                    .as("nothing was done again")
                    .isZero();
        } finally {
            System.clearProperty("sampo.journal.url");
            ConfigFactory.invalidateCaches();
        }
    }

    /** Three coordinator processes share the journal; the one that has the job dies, and is not started again. */
    @Test
    void anotherCoordinatorGoesOnWhereTheOneThatDiedWas() throws Exception {
        ObjectNode job = TestCluster.spec("heir", TestCluster.rows(home));
        job.withObject("/training").put("epochs", 80);
        String alone;
        try (TestCluster cluster = TestCluster.of(Files.createDirectories(home.resolve("alone")), 2);
                JobClient client = cluster.client()) {
            alone = TestCluster.sha(TestCluster.train(client, job));
        }
        System.setProperty("sampo.journal.url", postgres.database("heir"));
        ConfigFactory.invalidateCaches();
        Map<Role, Integer> nodes = Map.of(Role.COORDINATOR, 3, Role.PS, 2, Role.WORKER, 1, Role.INGEST, 1);
        try (ClusterProcesses cluster =
                ClusterProcesses.start(Files.createDirectories(home.resolve("cluster")), nodes)) {
            String id;
            try (JobClient client = JobClient.to(cluster.http().findFirst().orElseThrow())) {
                id = TestCluster.submit(client, job);
                await(client, id, view -> view.path("epochsDone").asInt() >= 2);
            }
            cluster.kill(cluster.of(Role.COORDINATOR).get(0));
            try (JobClient client = JobClient.to(cluster.http().findFirst().orElseThrow())) {
                JsonNode done =
                        await(client, id, view -> view.path("state").asText().matches("done|failed"));
                assertThat(TestCluster.sha(done)).as(done.toString()).isEqualTo(alone);
                assertThat(done.path("recoveries").asInt()).isEqualTo(1);
            }
        } finally {
            System.clearProperty("sampo.journal.url");
            ConfigFactory.invalidateCaches();
        }
    }

    private static JsonNode await(JobClient client, String job, java.util.function.Predicate<JsonNode> wanted)
            throws Exception {
        List<String> seen = new ArrayList<>();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (System.nanoTime() < end) {
            ApiResponse response = client.call(new ApiRequest(
                    "status", JSON.createObjectNode().put("job", job).toString()));
            JsonNode view = JSON.readTree(response.body());
            if (wanted.test(view)) {
                return view;
            }
            seen.add(view.path("state").asText() + " " + view.path("epochsDone") + " " + view.path("waitingFor"));
            Thread.sleep(20);
        }
        throw new AssertionError("not in time: " + seen.subList(Math.max(0, seen.size() - 5), seen.size()));
    }
}
