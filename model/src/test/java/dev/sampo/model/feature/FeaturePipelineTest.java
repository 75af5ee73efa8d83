package dev.sampo.model.feature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Batch;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FeaturePipelineTest {
    private static final Schema SCHEMA = new Schema(List.of("x", "y"), null);
    private static final LabelSpec NUMERIC = new LabelSpec("y", "numeric", null, null, null);

    private static FeatureSpec standardize() {
        return new FeatureSpec(List.of("x"), List.of("standardize"), null, null, null, null, null);
    }

    private static Row row(String x, String y) {
        return new Row(new String[] {x, y}, null);
    }

    /** Merged into empty statistics, as indexing does with its groups. */
    private static FeaturePipeline fit(LabelSpec label, Row[]... groups) throws BadRecordException {
        List<FeatureSpec> features = List.of(standardize());
        FitStatistics all = FitStatistics.empty(features, label, null, SCHEMA);
        for (Row[] rows : groups) {
            FitStatistics group = FitStatistics.empty(features, label, null, SCHEMA);
            for (Row each : rows) {
                group.add(each);
            }
            all.merge(FitStatistics.fromBytes(features, label, null, SCHEMA, group.toBytes()));
        }
        return all.fit();
    }

    @Test
    void aConstantColumnBecomesZeroForEveryValue() throws BadRecordException {
        Row[] three = {row("0.1", "1"), row("0.1", "2"), row("0.1", "3")};
        Row[] seven = {
            row("0.1", "1"),
            row("0.1", "2"),
            row("0.1", "3"),
            row("0.1", "1"),
            row("0.1", "1"),
            row("0.1", "1"),
            row("0.1", "1")
        };
        FeaturePipeline pipeline = fit(NUMERIC, three, seven);
        Batch batch = pipeline.apply(SCHEMA, List.of(row("0.1", "1"), row("0.2", "1")), true);
        assertThat(batch.dense()).containsExactly(0f, 0f);
    }

    @Test
    void standardizesByMeanAndPopulationDeviation() throws BadRecordException {
        FeaturePipeline pipeline =
                fit(NUMERIC, new Row[] {row("1", "1"), row("3", "1")}, new Row[] {row("5", "1"), row("7", "1")});
        Batch batch = pipeline.apply(SCHEMA, List.of(row("4", "1"), row("9", "1")), true);
        assertThat(batch.dense()).containsExactly(0f, (float) (5 / Math.sqrt(5)));
        assertThat(FeaturePipeline.fromJson(pipeline.toJson()).toJson()).isEqualTo(pipeline.toJson());
    }

    @Test
    void minusOneMeansTheSameInRowsAndInTheSpec() throws BadRecordException {
        Row[] rows = {row("1", "-1"), row("2", "+1")};
        LabelSpec weighted = new LabelSpec("y", "binary", null, null, Map.of("-1", 5.0));
        assertThat(fit(weighted, rows).apply(SCHEMA, List.of(rows), true).weights())
                .containsExactly(5f, 1f);
        LabelSpec positive = new LabelSpec("y", "binary", "-1", null, null);
        assertThat(fit(positive, rows).apply(SCHEMA, List.of(rows), true).labels())
                .containsExactly(1f, 0f);
    }

    @Test
    void aMissingColumnIsNamed() throws BadRecordException {
        FeaturePipeline pipeline = fit(NUMERIC, new Row[] {row("1", "1"), row("2", "1")});
        Schema other = new Schema(List.of("z"), null);
        assertThatThrownBy(() -> pipeline.apply(other, List.of(new Row(new String[] {"1"}, null)), false))
                .isInstanceOf(BadRecordException.class)
                .hasMessageContaining("column x: missing");
    }

    @Test
    void aRowOfOtherColumnsIsRefused() throws BadRecordException {
        FeaturePipeline pipeline = fit(NUMERIC, new Row[] {row("1", "1"), row("2", "1")});
        assertThatThrownBy(() -> pipeline.apply(SCHEMA, List.of(new Row(new String[] {"1"}, null)), false))
                .isInstanceOf(BadRecordException.class)
                .hasMessage("a row of 1 cells, expected 2: x, y");
    }
}
