package dev.sampo.serving.prediction;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.serving.MemoryModels;
import dev.sampo.serving.Samples;
import dev.sampo.serving.Settings;
import dev.sampo.serving.registry.ModelInfo;
import dev.sampo.serving.registry.ModelKey;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ServingClientTest {
    private final ActorTestKit kit = ActorTestKit.create(Settings.config(""));

    @AfterEach
    void stop() {
        kit.shutdownTestKit();
    }

    @Test
    void refusesWithinTheTimeWhenNoNodeServes() throws Exception {
        ServingClient client = ServingClient.create(kit.system(), Settings.settings(""));

        DescribeReply reply =
                client.describe("house", null).toCompletableFuture().get(5, TimeUnit.SECONDS);

        assertThat(((Refused) reply).kind()).isEqualTo(Refused.Kind.UNAVAILABLE);
        assertThat(((Refused) reply).reason()).startsWith("no node with role serving");
    }

    @Test
    void waitsForANodeThatIsAboutToServe() throws Exception {
        ServingSettings settings = Settings.settings("sampo.serving.no-node-timeout = 5s");
        ServingClient client = ServingClient.create(kit.system(), settings);
        var reply = client.models();

        Serving.start(kit.system(), new MemoryModels().with(Samples.house()), settings);

        assertThat(reply.toCompletableFuture().get(5, TimeUnit.SECONDS)).isInstanceOf(Listed.class);
    }

    @Test
    void sendsManyRowsInPartsAndJoinsTheAnswersInOrder() throws Exception {
        ServingSettings settings = Settings.settings("sampo.serving.part-size = 1KiB");
        MemoryModels models = new MemoryModels().with(Samples.house());
        Serving.start(kit.system(), models, settings);
        double[] rooms = IntStream.range(0, 1000).asDoubleStream().toArray();

        PredictReply reply = ServingClient.create(kit.system(), settings)
                .predict(Samples.house(), Samples.rooms(rooms))
                .toCompletableFuture()
                .get(5, TimeUnit.SECONDS);

        float[] values = ((Predicted) reply).values();
        assertThat(values).hasSize(1000);
        assertThat(IntStream.range(0, 1000)).allMatch(i -> values[i] == i);
        assertThat(models.passes.get()).isGreaterThan(5);
    }

    @Test
    void aBadRowRefusesTheWholeRequest() throws Exception {
        ServingSettings settings = Settings.settings("sampo.serving.part-size = 64");
        Serving.start(kit.system(), new MemoryModels().with(Samples.house()), settings);
        RowTable rows = new RowTable(
                List.of("rooms"), null, 0, new String[][] {{"1"}, {"2"}, {"3"}, {"bad"}, {"5"}}, null, null);

        PredictReply reply = ServingClient.create(kit.system(), settings)
                .predict(Samples.house(), rows)
                .toCompletableFuture()
                .get(5, TimeUnit.SECONDS);

        assertThat(((Refused) reply).kind()).isEqualTo(Refused.Kind.BAD_REQUEST);
    }

    @Test
    void partsHoldTheirSizeAndAllRows() {
        RowTable rows = Samples.rooms(IntStream.range(0, 100).asDoubleStream().toArray());

        List<RowTable> parts = ServingClient.parts(rows, 320, 1);

        assertThat(parts).allMatch(part -> part.count() > 0 && part.count() <= 10);
        assertThat(ForwardPass.join(parts)).usingRecursiveComparison().isEqualTo(rows);
        assertThat(ServingClient.parts(rows, 1, 1)).hasSize(100);
        assertThat(ServingClient.parts(rows, 1 << 20, 1)).containsExactly(rows);
    }

    /** The registry's actor is asked to load; from then on nothing is asked of it, but it knows what is in use. */
    @Test
    void asksAModelOfItsOwnNodeWithoutAMessage() throws Exception {
        ServingSettings settings = Settings.settings("sampo.serving { loaded-versions-max = 2, poll-interval = 20ms }");
        MemoryModels models = new MemoryModels().with(model("a"), model("b"), model("c"));
        models.rowWork = 10;
        Serving.start(kit.system(), models, settings);
        ServingClient client = ServingClient.create(kit.system(), settings);
        // Each asked for, in this order: c is loaded last, b then was asked longest ago.
        for (String name : List.of("b", "c", "a", "c", "a", "c")) {
            assertThat(predict(client, name)).isInstanceOf(Predicted.class);
        }
        LocalModels here = LocalModels.of(kit.system());
        TestProbe<Object> until = kit.createTestProbe();
        until.awaitAssert(() -> {
            assertThat(here.find("a", null)).isNotNull();
            assertThat(here.find("c", 1)).isNotNull();
            return null;
        });

        // A poll notes what was used before it.
        Thread.sleep(100);
        Described described = (Described) here(client.describe("a", null));
        assertThat(described.versions()).containsExactly(1);
        for (int i = 0; i < 100; i++) {
            here(client.predict(described.model(), Samples.rooms(i)));
        }
        // That made a the one in use; now b needs room.
        Thread.sleep(100);
        assertThat(predict(client, "b")).isInstanceOf(Predicted.class);
        until.awaitAssert(() -> {
            assertThat(models.loaded)
                    .contains(new ModelKey("a", 1), new ModelKey("b", 1))
                    .hasSize(2);
            assertThat(here.find("c", null)).isNull();
            return null;
        });
        assertThat(predict(client, "c")).isInstanceOf(Predicted.class);
    }

    /** What is there when the call returns came without a message. */
    private static <T> T here(CompletionStage<T> stage) {
        assertThat(stage.toCompletableFuture().isDone()).isTrue();
        return stage.toCompletableFuture().join();
    }

    private static ModelInfo model(String name) {
        return Samples.info(name, 1, Samples.NUMERIC, new ModelInfo.Input("rooms", ModelInfo.Kind.NUMBER, 1));
    }

    private static PredictReply predict(ServingClient client, String model) throws Exception {
        return client.predict(model(model), Samples.rooms(1))
                .toCompletableFuture()
                .get(5, TimeUnit.SECONDS);
    }

    /** A version may be unloaded between being found and being asked: then the node's actor loads it again. */
    @Test
    void asksAgainWhereAModelWasUnloadedAMomentAgo() throws Exception {
        ServingSettings settings = Settings.settings("");
        MemoryModels models = new MemoryModels().with(model("a"));
        models.rowWork = 10;
        Serving.start(kit.system(), models, settings);
        ServingClient client = ServingClient.create(kit.system(), settings);
        assertThat(predict(client, "a")).isInstanceOf(Predicted.class);
        LocalModels here = LocalModels.of(kit.system());
        kit.createTestProbe().awaitAssert(() -> {
            assertThat(here.find("a", null)).isNotNull();
            return null;
        });
        ModelRunner gone =
                new ModelRunner(models.load(model("a").key()), settings, Runnable::run, new ServingLoad.Counts());
        gone.close();
        LocalModels.Ready stale = new LocalModels.Ready(model("a"), List.of(1), gone);
        here.replace(Map.of("a", stale), Map.of(model("a").key(), stale));

        assertThat(((Predicted) predict(client, "a")).values()).containsExactly(1);
    }

    @Test
    void refusesWithinTheTimeWhenAModelOfItsOwnNodeHangs() throws Exception {
        ServingSettings settings = Settings.settings("sampo.serving.request-timeout = 100ms");
        MemoryModels models = new MemoryModels().with(model("a"));
        Serving.start(kit.system(), models, settings);
        ServingClient client = ServingClient.create(kit.system(), settings);
        kit.createTestProbe().awaitAssert(() -> {
            assertThat(LocalModels.of(kit.system()).find("a", null)).isNotNull();
            return null;
        });
        models.gate = new CountDownLatch(1);
        try {
            Refused refused = (Refused) predict(client, "a");
            assertThat(refused.kind()).isEqualTo(Refused.Kind.UNAVAILABLE);
            assertThat(refused.reason()).isEqualTo("no answer from a serving node within 100 ms");
        } finally {
            models.gate.countDown();
        }
    }
}
