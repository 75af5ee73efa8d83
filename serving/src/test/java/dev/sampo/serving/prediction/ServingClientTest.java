package dev.sampo.serving.prediction;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.serving.MemoryModels;
import dev.sampo.serving.Samples;
import dev.sampo.serving.Settings;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
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
}
