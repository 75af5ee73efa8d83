package dev.sampo.serving.prediction;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.serving.Samples;
import dev.sampo.serving.Settings;
import dev.sampo.serving.registry.ModelInfo;
import dev.sampo.serving.registry.ModelKey;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.SerializationTestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Everything that crosses nodes survives the trip. */
class MessagesTest {
    private static final ActorTestKit KIT = ActorTestKit.create(Settings.config(""));
    private static final SerializationTestKit WIRE = KIT.serializationTestKit();

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @Test
    void requestsKeepTheirRowsAndReplyAddress() {
        RowTable rows = new RowTable(
                List.of("age", "work"),
                "pixels",
                3,
                new String[][] {{"39", null}, {null, "päivä"}},
                new int[][] {null, {1}},
                new float[][] {{0.1f, -0f, Float.MIN_VALUE}, {7}});
        var probe = KIT.<PredictReply>createTestProbe();

        var read = WIRE.verifySerialization(new ServingManager.Predict("m", null, rows, probe.ref()), false);

        assertThat(read).usingRecursiveComparison().isEqualTo(new ServingManager.Predict("m", null, rows, probe.ref()));
        assertThat(read.replyTo()).isEqualTo(probe.ref());
        assertThat(WIRE.verifySerialization(new ServingManager.Predict("m", 3, rows, probe.ref()), false)
                        .version())
                .isEqualTo(3);
        RowTable scalars = Samples.rooms(1, 2);
        assertThat(WIRE.verifySerialization(new ServingManager.Predict("m", 3, scalars, probe.ref()), false)
                        .rows())
                .usingRecursiveComparison()
                .isEqualTo(scalars);
        WIRE.verifySerialization(
                new ServingManager.Describe(
                        "m", 1, KIT.<DescribeReply>createTestProbe().ref()),
                true);
        WIRE.verifySerialization(
                new ServingManager.ListModels(KIT.<ListReply>createTestProbe().ref()), true);
        WIRE.verifySerialization(new ServingManager.Published("m"), true);
    }

    @Test
    void repliesKeepTheirValues() {
        Predicted predicted = new Predicted("m", 3, 2, new float[] {0.1f, 0.9f}, List.of("b"));
        assertThat(WIRE.verifySerialization(predicted, false))
                .usingRecursiveComparison()
                .isEqualTo(predicted);
        WIRE.verifySerialization(new Refused(Refused.Kind.BUSY, "later"), true);
        WIRE.verifySerialization(new Described(Samples.adult(), List.of(1, 3)), true);
        WIRE.verifySerialization(
                new Listed(List.of(Samples.pixels(), ModelInfo.damaged(new ModelKey("x", 1), "why"))), true);
    }
}
