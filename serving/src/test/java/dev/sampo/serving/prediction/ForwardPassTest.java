package dev.sampo.serving.prediction;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.serving.MemoryModels;
import dev.sampo.serving.Samples;
import dev.sampo.serving.registry.ModelInfo;
import java.util.List;
import org.junit.jupiter.api.Test;

class ForwardPassTest {
    private final MemoryModels models = new MemoryModels();

    private LoadedModel load(ModelInfo info) throws Exception {
        return models.with(info).load(info.key());
    }

    private static RowTable cell(String text) {
        return new RowTable(List.of("rooms"), null, 0, new String[][] {{text}}, null, null);
    }

    private static float[] values(PredictReply reply) {
        return ((Predicted) reply).values();
    }

    @Test
    void splitsTheJoinedPredictionsBack() throws Exception {
        List<PredictReply> replies =
                ForwardPass.run(load(Samples.house()), List.of(Samples.rooms(1, 2), Samples.rooms(3)));

        assertThat(models.passes).hasValue(1);
        assertThat(values(replies.get(0))).containsExactly(1, 2);
        assertThat(values(replies.get(1))).containsExactly(3);
    }

    @Test
    void splitsLabelsAndSparseVectorsToo() throws Exception {
        RowTable dense = new RowTable(List.of(), "pixels", 4, new String[1][0], null, new float[][] {{1, 0, 0, 0}});
        RowTable sparse = new RowTable(
                List.of(), "pixels", 4, new String[2][0], new int[][] {{0}, {0, 3}}, new float[][] {{2}, {3, 1}});

        RowTable joined = ForwardPass.join(List.of(dense, sparse));
        List<PredictReply> replies = ForwardPass.run(load(Samples.pixels()), List.of(dense, sparse));

        assertThat(joined.indices()).isDeepEqualTo(new int[][] {null, {0}, {0, 3}});
        assertThat(joined.rows().get(0).vector().indices()).isNull();
        assertThat(values(replies.get(1))).containsExactly(2, 0, 0, 3, 0, 0);
        assertThat(((Predicted) replies.get(1)).labels()).containsExactly("0", "0");
    }

    @Test
    void aBadRowCostsOnlyItsOwnRequest() throws Exception {
        List<PredictReply> replies = ForwardPass.run(
                load(Samples.house()), List.of(Samples.rooms(1), cell("bad"), cell("crash"), Samples.rooms(4)));

        assertThat(values(replies.get(0))).containsExactly(1);
        assertThat(replies.get(1))
                .isEqualTo(new Refused(Refused.Kind.BAD_REQUEST, "column rooms: expected a number, was bad"));
        assertThat(((Refused) replies.get(2)).kind()).isEqualTo(Refused.Kind.FAILED);
        assertThat(values(replies.get(3))).containsExactly(4);
    }

    @Test
    void refusesToPassOnWhatIsNotANumber() throws Exception {
        List<PredictReply> replies = ForwardPass.run(load(Samples.house()), List.of(cell("NaN")));

        assertThat(((Refused) replies.get(0)).reason()).contains("row 0: the prediction is NaN");
    }
}
