package dev.sampo.serving.prediction;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.serving.Samples;
import dev.sampo.serving.registry.ModelInfo;
import dev.sampo.serving.registry.ModelInfo.State;
import dev.sampo.serving.registry.ModelKey;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class CatalogTest {
    private final Catalog catalog = new Catalog(2);

    private static ModelInfo model(String name, int version) {
        return Samples.info(name, version, Samples.NUMERIC);
    }

    private static ModelKey key(String name, int version) {
        return new ModelKey(name, version);
    }

    private Catalog.Changes see(ModelInfo... present) {
        Set<ModelKey> keys =
                new TreeSet<>(Stream.of(present).map(ModelInfo::key).toList());
        return catalog.update(new ModelSource.Scan(keys, Arrays.asList(present)));
    }

    private int answering(String model) {
        return catalog.resolve(model, null).orElseThrow().version();
    }

    @Test
    void reportsEachVersionOnce() {
        assertThat(see(model("a", 1)).added()).hasSize(1);
        assertThat(see(model("a", 1)).added()).isEmpty();
        assertThat(see(model("a", 1), model("a", 2)).added())
                .extracting(ModelInfo::version)
                .containsExactly(2);
        assertThat(see(model("a", 2)).removed()).containsExactly(key("a", 1));
        assertThat(catalog.versions("a")).containsExactly(2);
    }

    @Test
    void theNewestAnswersAndTheOldOneWhileItLoads() {
        see(model("a", 1), model("a", 10));
        assertThat(answering("a")).isEqualTo(10);

        catalog.mark(key("a", 1), State.READY, "");
        catalog.mark(key("a", 10), State.LOADING, "");
        assertThat(answering("a")).isEqualTo(1);

        catalog.mark(key("a", 10), State.READY, "");
        assertThat(answering("a")).isEqualTo(10);
        assertThat(catalog.resolve("a", 1)).isPresent();
        assertThat(catalog.resolve("a", 2)).isEmpty();
        assertThat(catalog.resolve("b", null)).isEmpty();
    }

    @Test
    void aDamagedVersionIsPassedOver() {
        see(model("a", 1), ModelInfo.damaged(key("a", 2), "model.json: no such file"));
        assertThat(answering("a")).isEqualTo(1);
        assertThat(catalog.known()).containsExactly(key("a", 1));

        see(ModelInfo.damaged(key("b", 1), "broken"));
        assertThat(catalog.resolve("b", null).orElseThrow().state()).isEqualTo(State.DAMAGED);
    }

    @Test
    void aDamagedDocumentMayBeRepairedAndIsReportedOnlyWhenItChanges() {
        assertThat(see(ModelInfo.damaged(key("a", 1), "x")).added()).hasSize(1);
        assertThat(see(ModelInfo.damaged(key("a", 1), "x")).added()).isEmpty();
        assertThat(see(ModelInfo.damaged(key("a", 1), "y")).added()).hasSize(1);
        assertThat(see(model("a", 1)).added()).extracting(ModelInfo::state).containsExactly(State.AVAILABLE);
    }

    @Test
    void loadsTheNewestOfEachWhileThereIsRoom() {
        see(model("a", 1), model("a", 2), model("b", 1), model("c", 1));
        assertThat(catalog.toLoad()).isEqualTo(List.of(key("a", 2), key("b", 1)));
    }

    @Test
    void aNewVersionIsLoadedInPlaceOfTheOldThoughTheRoomIsFull() {
        see(model("a", 1), model("b", 1));
        catalog.mark(key("a", 1), State.READY, "");
        catalog.mark(key("b", 1), State.READY, "");
        see(model("a", 1), model("b", 1), model("a", 2));
        assertThat(catalog.toLoad()).containsExactly(key("a", 2));

        catalog.mark(key("a", 2), State.READY, "");
        catalog.used(key("a", 1));
        assertThat(catalog.toUnload()).contains(key("a", 1));
        catalog.mark(key("a", 1), State.AVAILABLE, "");
        assertThat(catalog.toUnload()).isEmpty();
    }

    @Test
    void theLeastRecentlyAskedMakesRoom() {
        see(model("a", 1), model("b", 1), model("c", 1));
        catalog.mark(key("a", 1), State.READY, "");
        catalog.mark(key("b", 1), State.READY, "");
        catalog.mark(key("c", 1), State.READY, "");
        catalog.used(key("a", 1));
        assertThat(catalog.toUnload()).contains(key("b", 1));
    }
}
