package dev.sampo.serving.prediction;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.serving.MemoryModels;
import dev.sampo.serving.Samples;
import dev.sampo.serving.Settings;
import dev.sampo.serving.registry.ModelInfo;
import dev.sampo.serving.registry.ModelInfo.State;
import dev.sampo.serving.registry.ModelKey;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ServingManagerTest {
    private final ActorTestKit kit = ActorTestKit.create(Settings.config(""));
    private final TestProbe<PredictReply> predictions = kit.createTestProbe();
    private final TestProbe<ListReply> lists = kit.createTestProbe();
    private final TestProbe<DescribeReply> descriptions = kit.createTestProbe();
    private final MemoryModels models = new MemoryModels();
    private @Nullable ActorRef<ServingManager.Command> manager;

    @AfterEach
    void stop() {
        models.gate.countDown();
        kit.shutdownTestKit();
    }

    private static ModelInfo model(String name, int version) {
        return Samples.info(name, version, Samples.NUMERIC, new ModelInfo.Input("rooms", ModelInfo.Kind.NUMBER, 1));
    }

    private void start(String more) {
        manager = kit.spawn(ServingManager.create(models, Settings.settings(more)));
    }

    private void send(String model, @Nullable Integer version, double... rooms) {
        manager.tell(new ServingManager.Predict(model, version, Samples.rooms(rooms), predictions.ref()));
    }

    private PredictReply ask(String model, @Nullable Integer version, double... rooms) {
        send(model, version, rooms);
        return predictions.receiveMessage();
    }

    private void awaitState(String model, int version, State state) {
        lists.awaitAssert(() -> {
            manager.tell(new ServingManager.ListModels(lists.ref()));
            Listed listed = lists.expectMessageClass(Listed.class);
            assertThat(listed.models())
                    .filteredOn(info -> info.key().equals(new ModelKey(model, version)))
                    .extracting(ModelInfo::state)
                    .containsExactly(state);
            return null;
        });
    }

    @Test
    void answersWithTheNewestVersionAndWithTheOneAskedFor() {
        models.with(model("house", 1), model("house", 2));
        start("");

        assertThat(((Predicted) ask("house", null, 10, 20)).values()).containsExactly(20, 40);
        assertThat(((Predicted) ask("house", 1, 10)).values()).containsExactly(10);
        manager.tell(new ServingManager.Describe("house", null, descriptions.ref()));
        Described described = descriptions.expectMessageClass(Described.class);
        assertThat(described.model().version()).isEqualTo(2);
        assertThat(described.versions()).containsExactly(1, 2);
    }

    @Test
    void picksUpANewVersionWithoutARestart() {
        models.with(model("house", 1));
        start("");
        assertThat(((Predicted) ask("house", null, 10)).version()).isEqualTo(1);

        models.with(model("house", 2));
        awaitState("house", 2, State.READY);

        assertThat(((Predicted) ask("house", null, 10)).version()).isEqualTo(2);
    }

    @Test
    void findsAModelPublishedTheMomentBefore() {
        start("sampo.serving.poll-interval = 1h");
        manager.tell(new ServingManager.ListModels(lists.ref()));
        assertThat(lists.expectMessageClass(Listed.class).models()).isEmpty();

        models.with(model("house", 1));

        assertThat(ask("house", null, 10)).isInstanceOf(Predicted.class);
        models.with(model("house", 2));
        manager.tell(new ServingManager.Published("house"));
        awaitState("house", 2, State.READY);
    }

    @Test
    void saysWhatThereIsWhenAskedForWhatIsNot() {
        start("");
        assertThat(ask("house", null, 1))
                .isEqualTo(new Refused(
                        Refused.Kind.NOT_FOUND, "no model \"house\" in the registry; it is empty: train one first"));
        models.with(model("house", 1));
        assertThat(((Refused) ask("home", null, 1)).reason())
                .isEqualTo("no model \"home\" in the registry; there are [house]");
        assertThat(((Refused) ask("house", 7, 1)).reason())
                .isEqualTo("model \"house\" has no version 7; its versions are [1]");
    }

    @Test
    void passesOverADamagedVersion() {
        models.with(model("house", 1), model("house", 2));
        models.corrupt.add(new ModelKey("house", 2));
        start("");

        awaitState("house", 2, State.DAMAGED);
        assertThat(((Predicted) ask("house", null, 10)).version()).isEqualTo(1);
        assertThat(ask("house", 2, 10))
                .isEqualTo(new Refused(
                        Refused.Kind.UNAVAILABLE, "model house/2 is damaged: weights.safetensors: checksum differs"));
    }

    @Test
    void takesARepairedVersionAfterAWhile() {
        models.with(model("house", 1));
        models.corrupt.add(new ModelKey("house", 1));
        start("sampo.serving.damaged-retry-interval = 100ms");
        awaitState("house", 1, State.DAMAGED);

        models.corrupt.clear();

        awaitState("house", 1, State.READY);
    }

    @Test
    void holdsNoMoreVersionsThanAllowed() {
        models.with(model("a", 1), model("b", 1), model("c", 1));
        start("sampo.serving.loaded-versions-max = 2");

        for (String name : List.of("c", "a", "b", "c", "a")) {
            assertThat(ask(name, null, 1)).isInstanceOf(Predicted.class);
        }

        predictions.awaitAssert(() -> {
            assertThat(models.loaded).hasSize(2).contains(new ModelKey("a", 1));
            return null;
        });
    }

    @Test
    void unloadsAVersionThatIsRemoved() {
        models.with(model("house", 1), model("house", 2));
        start("");
        assertThat(((Predicted) ask("house", null, 10)).version()).isEqualTo(2);

        models.models.remove(new ModelKey("house", 2));

        predictions.awaitAssert(() -> {
            assertThat(models.loaded).doesNotContain(new ModelKey("house", 2));
            return null;
        });
        assertThat(((Predicted) ask("house", null, 10)).version()).isEqualTo(1);
    }

    @Test
    void joinsWaitingRequestsIntoOnePassAndRefusesTooMany() {
        models.with(model("house", 1));
        start("sampo.serving { queue-rows-max = 4, batch-rows-max = 100 }");
        awaitState("house", 1, State.READY);
        models.gate = new CountDownLatch(1);

        // The first is in the pass and waits for the gate, four rows wait, the rest are too many.
        send("house", null, 1);
        predictions.awaitAssert(() -> {
            assertThat(models.waiting).hasValue(1);
            return null;
        });
        for (int i = 2; i <= 6; i++) {
            send("house", null, i);
        }
        assertThat(predictions.expectMessageClass(Refused.class).kind()).isEqualTo(Refused.Kind.BUSY);
        models.gate.countDown();

        for (int i = 1; i <= 5; i++) {
            assertThat(predictions.expectMessageClass(Predicted.class).values()).containsExactly(i);
        }
        assertThat(models.passes).hasValue(2);
    }

    @Test
    void survivesARegistryThatCannotBeRead() {
        models.with(model("house", 1));
        models.scanFailure = "stale file handle";
        start("");
        assertThat(ask("house", null, 1))
                .isEqualTo(
                        new Refused(Refused.Kind.UNAVAILABLE, "the model registry can't be read: stale file handle"));

        models.scanFailure = "";

        assertThat(ask("house", null, 1)).isInstanceOf(Predicted.class);
    }
}
