package dev.sampo.model.feature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Batch;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import dev.sampo.model.spec.Problems;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each transform against values worked out by hand; null marks a missing cell. */
class TransformsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final LabelSpec LABEL = new LabelSpec("y", "numeric", null, null, null);
    private static final Schema SCHEMA = new Schema(List.of("a", "b", "y"), null);

    private static List<FeatureSpec> specs(String json) throws Exception {
        List<FeatureSpec> specs = JSON.readValue(json.replace('\'', '"'), new TypeReference<>() {});
        Problems problems = new Problems();
        specs.forEach(spec -> spec.check("features", problems));
        FeatureUnits.check(specs, LABEL, null, SCHEMA, problems);
        assertThat(problems.all()).isEmpty();
        return specs;
    }

    private static Row row(@Nullable String a, @Nullable String b) {
        return new Row(new String[] {a, b, "0"}, null);
    }

    private static List<Row> column(@Nullable String... values) {
        return Arrays.stream(values).map(value -> row(value, "-")).toList();
    }

    private static FeaturePipeline fit(String features, List<Row> rows) throws Exception {
        FitStatistics statistics = FitStatistics.empty(specs(features), LABEL, null, SCHEMA);
        for (Row row : rows) {
            statistics.add(row);
        }
        FeaturePipeline fitted = statistics.fit();
        assertThat(statistics.fit().toJson()).as("a second fit").isEqualTo(fitted.toJson());
        FeaturePipeline read = FeaturePipeline.fromJson(fitted.toJson());
        assertThat(values(read, rows)).as("read from its document").isEqualTo(values(fitted, rows));
        return read;
    }

    /** The features of each row, dense or not. */
    private static List<List<Float>> values(FeaturePipeline pipeline, List<Row> rows) throws BadRecordException {
        Batch batch = pipeline.apply(SCHEMA, rows, true);
        List<List<Float>> values = new ArrayList<>();
        for (int row = 0; row < rows.size(); row++) {
            Float[] features = new Float[batch.width()];
            Arrays.fill(features, 0f);
            if (batch.dense() != null) {
                for (int j = 0; j < features.length; j++) {
                    features[j] = batch.dense()[row * features.length + j];
                }
            } else {
                for (int i = batch.rowStarts()[row]; i < batch.rowStarts()[row + 1]; i++) {
                    features[batch.indices()[i]] = batch.values()[i];
                }
            }
            values.add(List.of(features));
        }
        return values;
    }

    @Test
    void passthroughScaleAndLog1p() throws Exception {
        assertThat(values(fit("[{'columns': 'a'}]", column("2", "-3.5")), column("2", "-3.5")))
                .containsExactly(List.of(2f), List.of(-3.5f));
        String scale = "[{'columns': 'a', 'transform': 'scale', 'divideBy': 4}]";
        assertThat(values(fit(scale, column("2")), column("8"))).containsExactly(List.of(2f));
        String log = "[{'columns': 'a', 'transform': 'log1p'}]";
        assertThat(values(fit(log, column("0")), column("1"))).containsExactly(List.of((float) Math.log(2)));
        assertThatThrownBy(() -> fit(log, column("-1"))).hasMessageContaining("column a: log1p needs values above -1");
    }

    @Test
    void standardizeAndMinMax() throws Exception {
        String standardize = "[{'columns': 'a', 'transform': 'standardize'}]";
        FeaturePipeline pipeline = fit(standardize, column("2", "4", "4", "4", "5", "5", "7", "9"));
        assertThat(values(pipeline, column("5", "9", "3"))).containsExactly(List.of(0f), List.of(2f), List.of(-1f));
        String minMax = "[{'columns': 'a', 'transform': 'minMax'}]";
        pipeline = fit(minMax, column("2", "6", "4"));
        assertThat(values(pipeline, column("2", "6", "3", "10")))
                .containsExactly(List.of(0f), List.of(1f), List.of(0.25f), List.of(2f));
        assertThat(values(fit(minMax, column("3", "3")), column("3", "4")))
                .as("a constant column")
                .containsExactly(List.of(0f), List.of(0f));
    }

    @ParameterizedTest
    @CsvSource({"mean, 4", "median, 3", "7, 7"})
    void imputesWithIndicator(String method, float expected) throws Exception {
        String impute = method.matches("\\d") ? method : "'" + method + "'";
        FeaturePipeline pipeline =
                fit("[{'columns': 'a', 'impute': " + impute + ", 'indicator': true}]", column("1", null, "3", "8"));
        List<Float> missing = values(pipeline, column((String) null)).get(0);
        assertThat(missing.get(0)).isCloseTo(expected, org.assertj.core.api.Assertions.within(0.01f));
        assertThat(missing.get(1)).isEqualTo(1f);
        assertThat(values(pipeline, column("3"))).containsExactly(List.of(3f, 0f));
    }

    @Test
    void aMissingNumberWithoutImputeIsABadRecord() {
        assertThatThrownBy(() -> fit("[{'columns': 'a'}]", column("1", null)))
                .isInstanceOf(BadRecordException.class)
                .hasMessageContaining("column a: the value is missing; add impute");
    }

    @Test
    void whatFloat32CannotHoldIsABadRecord() throws Exception {
        assertThatThrownBy(() -> fit("[{'columns': 'a'}]", column("1e39")))
                .isInstanceOf(BadRecordException.class)
                .hasMessage("column a: 1.0E39 is beyond the range of float32");
        FeaturePipeline pipeline = fit("[{'columns': 'a', 'transform': 'minMax'}]", column("0", "1e-9"));
        assertThatThrownBy(() -> values(pipeline, column("1e38")))
                .isInstanceOf(BadRecordException.class)
                .hasMessageContaining("column a: ")
                .hasMessageContaining("beyond the range of float32");
    }

    @Test
    void aRangeTooSmallToDivideByBecomesZero() throws Exception {
        List<Row> rows = column("0", "1e-310");
        assertThat(values(fit("[{'columns': 'a', 'transform': ['minMax']}]", rows), rows))
                .containsExactly(List.of(0f), List.of(0f));
    }

    @Test
    void imputedValuesCountInMeanAndDeviation() throws Exception {
        // With 0 for the missing one: values 0, 3, 3, 6; mean 3, variance 18 / 4.
        FeaturePipeline pipeline =
                fit("[{'columns': 'a', 'transform': 'standardize', 'impute': 0}]", column(null, "3", "3", "6"));
        assertThat(values(pipeline, column("6", null)).get(0).get(0)).isEqualTo((float) (3 / Math.sqrt(4.5)));
    }

    @Test
    void oneHotWithMinimumCountAndOther() throws Exception {
        FeaturePipeline pipeline = fit(
                "[{'columns': 'a', 'transform': 'oneHot', 'minCount': 2}]",
                column("red", "red", "blue", "green", "green", null, null));
        assertThat(pipeline.names()).containsExactly("a=(missing)", "a=green", "a=red", "a=(other)");
        assertThat(values(pipeline, column("red", "blue", null, "never seen")))
                .containsExactly(
                        List.of(0f, 0f, 1f, 0f),
                        List.of(0f, 0f, 0f, 1f),
                        List.of(1f, 0f, 0f, 0f),
                        List.of(0f, 0f, 0f, 1f));
    }

    @Test
    void keysOfDifferentCellsAreDifferent() throws Exception {
        String cross = "[{'columns': ['a', 'b'], 'transform': 'cross'}]";
        List<Row> rows = List.of(row("x & y", "z"), row("x", "y & z"), row("x\\", "& z"), row("x", "\\& z"));
        assertThat(values(fit(cross, rows), rows)).doesNotHaveDuplicates();
        List<Row> marks = List.of(row("(missing)", "-"), row(null, "-"), row("\\(missing)", "-"));
        assertThat(values(fit("[{'columns': 'a', 'transform': 'oneHot'}]", marks), marks))
                .doesNotHaveDuplicates();
    }

    @Test
    void aValueCalledOtherHasANameOfItsOwn() throws Exception {
        FeaturePipeline pipeline = fit("[{'columns': 'a', 'transform': 'oneHot'}]", column("(other)", null));
        assertThat(pipeline.names()).containsExactly("a=(missing)", "a=\\(other)", "a=(other)");
        assertThat(values(pipeline, column("(other)", "unseen", null)))
                .containsExactly(List.of(0f, 1f, 0f), List.of(0f, 0f, 1f), List.of(1f, 0f, 0f));
    }

    @Test
    void hashingIsStableAndInRange() throws Exception {
        FeaturePipeline pipeline = fit("[{'columns': 'a', 'transform': 'hash', 'buckets': 16}]", column("red"));
        List<Row> rows =
                IntStream.range(0, 200).mapToObj(i -> row("value " + i, "-")).toList();
        List<List<Float>> values = values(pipeline, rows);
        assertThat(values)
                .allSatisfy(features ->
                        assertThat(features.stream().filter(x -> x == 1f)).hasSize(1));
        assertThat(values.stream().distinct()).as("buckets in use").hasSizeGreaterThan(12);
        // A published model must find the same bucket for ever.
        assertThat(values(pipeline, column("red")).get(0).indexOf(1f)).isEqualTo(Numbers.bucket("[a]=red", 16));
        assertThat(Numbers.bucket("[a]=red", 1 << 20)).isEqualTo(RED_BUCKET);
    }

    private static final int RED_BUCKET = 656_231;

    @Test
    void quantileBucketsHoldEqualShares() throws Exception {
        String[] numbers =
                IntStream.rangeClosed(1, 1000).mapToObj(Integer::toString).toArray(String[]::new);
        FeaturePipeline pipeline =
                fit("[{'columns': 'a', 'transform': 'quantileBuckets', 'buckets': 4}]", column(numbers));
        int[] counts = new int[4];
        for (List<Float> features : values(pipeline, column(numbers))) {
            counts[features.indexOf(1f)]++;
        }
        for (int count : counts) {
            assertThat(count).isBetween(247, 253);
        }
        assertThat(values(pipeline, column("-1e9", "1e9")))
                .containsExactly(List.of(1f, 0f, 0f, 0f), List.of(0f, 0f, 0f, 1f));
    }

    @Test
    void vectorsAreCheckedWhole() {
        Schema.VectorField field = new Schema.VectorField("v", 4);
        assertBad(field, null, "the vector is missing");
        assertBad(field, new Row.Vector(null, new float[3]), "width 4, got 3 values");
        assertBad(field, new Row.Vector(new int[] {0, 0}, new float[2]), "feature 0 (0-based) follows feature 0");
        assertBad(field, new Row.Vector(new int[] {-1, 2}, new float[2]), "feature -1");
        assertBad(field, new Row.Vector(new int[] {9, 2}, new float[2]), "feature 2 (0-based) follows feature 9");
        assertBad(field, new Row.Vector(new int[] {1, 4}, new float[2]), "feature 4 (0-based) in a space of width 4");
        assertBad(field, new Row.Vector(new int[] {1}, new float[2]), "1 indices for 2 values");
        assertBad(field, new Row.Vector(null, new float[] {0, 0, Float.NaN, 0}), "finite");
    }

    private static void assertBad(Schema.VectorField field, Row.@Nullable Vector vector, String message) {
        assertThatThrownBy(() -> Vectors.check(vector, field))
                .isInstanceOf(BadRecordException.class)
                .hasMessageContaining("column v")
                .hasMessageContaining(message);
    }
}
