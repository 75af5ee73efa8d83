package dev.sampo.model.feature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.datadoghq.sketch.ddsketch.DDSketch;
import com.datadoghq.sketch.ddsketch.DDSketches;
import com.datadoghq.sketch.ddsketch.encoding.GrowingByteArrayOutput;
import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import dev.sampo.model.data.Target;
import dev.sampo.model.spec.Problems;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class FitStatisticsTest {
    private static final Schema SCHEMA = new Schema(List.of("a", "c", "y"), null);
    private static final LabelSpec CLASSES = new LabelSpec("y", "classes", null, null, null);
    private static final List<FeatureSpec> FEATURES = List.of(
            new FeatureSpec(List.of("a"), List.of("standardize"), ImputeSpec.of("median"), true, null, null, null),
            new FeatureSpec(List.of("a"), List.of("quantileBuckets"), ImputeSpec.of("mean"), null, null, null, 5),
            new FeatureSpec(List.of("c"), List.of("oneHot"), null, null, null, 2, null));

    private static FitStatistics empty() {
        return FitStatistics.empty(FEATURES, CLASSES, null, SCHEMA);
    }

    private static Row row(String a, String c, String y) {
        return new Row(new String[] {a, c, y}, null);
    }

    private static List<Row> rows(int count) {
        Random random = new Random(4);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String a = random.nextInt(9) == 0 ? null : Double.toString(random.nextGaussian() * 1e3);
            rows.add(row(a, "c" + random.nextInt(30), random.nextBoolean() ? "yes" : "no"));
        }
        return rows;
    }

    private static FitStatistics of(List<Row> rows) throws BadRecordException {
        FitStatistics statistics = empty();
        for (Row row : rows) {
            statistics.add(row);
        }
        return statistics;
    }

    /** Groups are fixed by the index; whoever makes them, and through whatever bytes they go, the fit is the same bits. */
    @Test
    void mergingInGroupOrderGivesTheSameDocument() throws Exception {
        List<Row> rows = rows(1000);
        FitStatistics inMemory = empty();
        FitStatistics throughBytes = empty();
        for (int from = 0; from < rows.size(); from += 128) {
            FitStatistics group = of(rows.subList(from, Math.min(rows.size(), from + 128)));
            throughBytes.merge(FitStatistics.fromBytes(FEATURES, CLASSES, null, SCHEMA, group.toBytes()));
            inMemory.merge(group);
        }
        assertThat(throughBytes.fit().toJson()).isEqualTo(inMemory.fit().toJson());
    }

    @Test
    void aRefusedRowLeavesNoTrace() throws Exception {
        FitStatistics statistics = of(rows(50));
        byte[] before = statistics.toBytes();
        for (Row bad : List.of(
                row("x", "c1", "yes"),
                row("1", "c1", null),
                row("NaN", "new", "new"),
                new Row(new String[] {"1", "c1"}, null))) {
            assertThatThrownBy(() -> statistics.add(bad)).isInstanceOf(BadRecordException.class);
            assertThatThrownBy(() -> statistics.addHeldOut(bad)).isInstanceOf(BadRecordException.class);
        }
        assertThat(statistics.toBytes()).isEqualTo(before);
    }

    @Test
    void aNumericLabelIsANumberInEveryRow() throws Exception {
        LabelSpec numeric = new LabelSpec("y", "numeric", null, null, null);
        FitStatistics statistics = FitStatistics.empty(FEATURES, numeric, null, SCHEMA);
        statistics.add(row("1", "c", "2.5"));
        for (String bad : List.of("", "two", "NaN", "1e39")) {
            assertThatThrownBy(() -> statistics.add(row("1", "c", bad)))
                    .isInstanceOf(BadRecordException.class)
                    .hasMessageStartingWith("column y: ");
        }
    }

    @Test
    void tooManyLabelsAreRefusedBeforeTheyAreCounted() throws Exception {
        FitStatistics statistics = empty();
        for (int i = 0; i < 10_000; i++) {
            statistics.add(row("1", "c", "label " + i));
        }
        byte[] before = statistics.toBytes();
        assertThatThrownBy(() -> statistics.add(row("1", "c", "one more")))
                .hasMessageContaining("column y: more than 10000 different labels");
        assertThat(statistics.toBytes()).isEqualTo(before);
        FitStatistics other = empty();
        other.add(row("1", "c", "one more"));
        assertThatThrownBy(() -> statistics.merge(other)).hasMessageContaining("more than 10000 different labels");
        assertThat(statistics.toBytes()).as("after the refused merge").isEqualTo(before);
    }

    @Test
    void aHeldOutRowGivesItsClassButNotItsValues() throws Exception {
        FitStatistics with = empty();
        FitStatistics without = empty();
        for (Row row : rows(60)) {
            with.add(row);
            without.add(row);
        }
        with.addHeldOut(row("1e9", "held", "maybe"));
        FeaturePipeline fitted = with.fit();
        assertThat(fitted.target().classes()).containsExactly("maybe", "no", "yes");
        assertThat(fitted.names()).isEqualTo(without.fit().names());
        assertThat(fitted.toJson().replaceAll("(?s).*\"features\"", ""))
                .isEqualTo(without.fit().toJson().replaceAll("(?s).*\"features\"", ""));
    }

    @Test
    void aCategoryMayBeVeryLong() throws Exception {
        String lengthy = "x".repeat(70_000);
        FitStatistics statistics = empty();
        statistics.add(row("1", lengthy, "yes"));
        statistics.add(row("2", lengthy, "no"));
        FeaturePipeline read = FitStatistics.fromBytes(FEATURES, CLASSES, null, SCHEMA, statistics.toBytes())
                .fit();
        assertThat(read.names()).contains("c=" + lengthy);
    }

    @Test
    void damagedBytesAreRefused() throws Exception {
        FitStatistics statistics = of(rows(50));
        byte[] good = statistics.toBytes();
        for (int length = 0; length < good.length; length += 1 + length / 8) {
            byte[] cut = Arrays.copyOf(good, length);
            assertThatThrownBy(() -> FitStatistics.fromBytes(FEATURES, CLASSES, null, SCHEMA, cut))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("damaged fit statistics");
        }
        assertThatThrownBy(() ->
                        FitStatistics.fromBytes(FEATURES, CLASSES, null, SCHEMA, Arrays.copyOf(good, good.length + 1)))
                .hasMessageContaining("bytes too many");
    }

    /** Whatever byte is set to the worst values: it is refused as damaged or harmless, and never takes the process's memory. */
    @Test
    void hostileBytesAreRefusedOrHarmless() throws Exception {
        FitStatistics statistics = of(rows(30));
        byte[] good = statistics.toBytes();
        int refused = 0;
        for (int at = 0; at < good.length; at++) {
            for (byte value : new byte[] {0x7f, (byte) 0xff, (byte) 0x80}) {
                byte[] hostile = good.clone();
                hostile[at] = value;
                Throwable thrown =
                        catchThrowable(() -> FitStatistics.fromBytes(FEATURES, CLASSES, null, SCHEMA, hostile)
                                .fit());
                if (thrown != null) {
                    assertThat(thrown).isInstanceOf(IllegalArgumentException.class);
                    refused++;
                }
            }
        }
        assertThat(refused).isGreaterThan(good.length / 4);
    }

    /** A sketch of one bin at index 2^30 is a few bytes long, but a dense store of it is gigabytes. */
    @Test
    void aSketchOfFarBinsIsRefusedBeforeItIsMade() throws Exception {
        List<FeatureSpec> features = List.of(
                new FeatureSpec(List.of("a"), List.of("minMax"), ImputeSpec.of("median"), null, null, null, null));
        FitStatistics statistics = FitStatistics.empty(features, CLASSES, null, SCHEMA);
        statistics.add(row("1", "c", "yes"));
        ByteBuffer good = ByteBuffer.wrap(statistics.toBytes());
        int sketchAt = 4 + 4 + 8 + 8 + 8 + 40 + 8 + 8;
        DDSketch sketch = DDSketches.sparse(0.001);
        sketch.getPositiveValueStore().add(-(1 << 30), 0.5);
        sketch.getPositiveValueStore().add(1 << 30, 0.5);
        GrowingByteArrayOutput far = GrowingByteArrayOutput.withDefaultInitialCapacity();
        sketch.encode(far, true);
        int rest = sketchAt + 4 + good.getInt(sketchAt);
        ByteBuffer bad = ByteBuffer.allocate(good.capacity() + 100);
        bad.put(good.array(), 0, sketchAt)
                .putInt(far.numWrittenBytes())
                .put(far.backingArray(), 0, far.numWrittenBytes())
                .put(good.array(), rest, good.capacity() - rest);
        byte[] bytes = Arrays.copyOf(bad.array(), bad.position());
        assertThatThrownBy(() -> FitStatistics.fromBytes(features, CLASSES, null, SCHEMA, bytes))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a quantile sketch of other values than the column's");
    }

    @Test
    void statisticsOfOtherFeaturesAreRefused() {
        byte[] bytes = empty().toBytes();
        assertThatThrownBy(() -> FitStatistics.fromBytes(FEATURES.subList(0, 2), CLASSES, null, SCHEMA, bytes))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("3 features for 2");
    }

    /** Images are dense in their files, and four pixels in five of handwritten digits are black. */
    @Test
    void rowsOfFewNonZerosAreSparse() throws Exception {
        assertThat(vectors(5, "scale").fit(true).sparse()).isTrue();
        assertThat(vectors(5, "scale").fit().sparse()).isFalse();
        assertThat(vectors(6, "scale").fit(true).sparse()).isFalse();
        assertThat(vectors(1, "standardize").fit(true).sparse()).isFalse();
        assertThat(scalars("scale").fit(true).sparse()).isTrue();
        assertThat(scalars("scale").fit().sparse()).isFalse();
        assertThat(scalars("log1p").fit(true).sparse()).isTrue();
        assertThat(scalars("standardize").fit(true).sparse()).isFalse();
    }

    /** Of two rows of 12 values, together {@code nonZeros} of them other than zero, merged from their bytes. */
    private static FitStatistics vectors(int nonZeros, String transform) throws Exception {
        Schema schema = new Schema(List.of("y"), new Schema.VectorField("v", 12));
        List<FeatureSpec> features = List.of(Fitting.feature("v", transform));
        FitStatistics all = FitStatistics.empty(features, CLASSES, null, schema);
        int left = nonZeros;
        for (int i = 0; i < 2; i++) {
            float[] values = new float[12];
            for (int j = 3; j < 6 && left > 0; j++, left--) {
                values[j] = j;
            }
            FitStatistics one = FitStatistics.empty(features, CLASSES, null, schema);
            one.add(new Row(new String[] {"label" + i}, new Row.Vector(null, values)));
            all.merge(FitStatistics.fromBytes(features, CLASSES, null, schema, one.toBytes()));
        }
        return all;
    }

    /** Of two rows of three numbers, one of which is not zero. */
    private static FitStatistics scalars(String transform) throws Exception {
        Schema schema = Fitting.schema("a", "b", "c", "y");
        List<FeatureSpec> features = Stream.of("a", "b", "c")
                .map(each -> Fitting.feature(each, transform))
                .toList();
        FitStatistics all = FitStatistics.empty(features, CLASSES, null, schema);
        for (String a : List.of("0", "7")) {
            FitStatistics one = FitStatistics.empty(features, CLASSES, null, schema);
            one.add(new Row(new String[] {a, "0.0", "-0", "label" + a}, null));
            all.merge(FitStatistics.fromBytes(features, CLASSES, null, schema, one.toBytes()));
        }
        return all;
    }

    private static Target target(LabelSpec label, String... labels) throws Exception {
        FitStatistics statistics = FitStatistics.empty(FEATURES, label, null, SCHEMA);
        for (String each : labels) {
            statistics.add(row("1", "c", each));
        }
        return statistics.fit().target();
    }

    @Test
    void labelsBecomeTargets() throws Exception {
        LabelSpec positive = new LabelSpec("y", "binary", "no", null, null);
        assertThat(target(positive, "yes", "no").classes()).containsExactly("yes", "no");
        LabelSpec binary = new LabelSpec("y", "binary", null, null, null);
        assertThat(target(binary, "+1", "-1", "1.0").classes()).containsExactly("0", "1");
        assertThat(target(CLASSES, "10", "9", "2").classes()).containsExactly("2", "9", "10");
        assertThatThrownBy(() -> target(binary, "a", "b", "c")).hasMessageContaining("two values, found 3");
        assertThatThrownBy(() -> target(new LabelSpec("y", "binary", "nope", null, null), "a", "b"))
                .hasMessageContaining("data.label.positive: \"nope\" does not occur");
        assertThatThrownBy(() -> target(new LabelSpec("y", "classes", null, List.of("a", "b"), null), "a", "c"))
                .hasMessageContaining("unknown label \"c\"");
        assertThatThrownBy(() -> target(CLASSES, "a", "a")).hasMessageContaining("two labels or more");
        assertThatThrownBy(() -> target(new LabelSpec("y", "classes", null, null, Map.of("A", 2.0)), "a", "b"))
                .hasMessage("data.label.classWeights: \"A\" does not occur, the labels are [a, b]");
    }

    @Test
    void specsThatCannotBeAreToldWithTheirPath() {
        Problems problems = new Problems();
        new FeatureSpec(Arrays.asList("a", null), Arrays.asList((String) null), null, null, null, null, null)
                .check("features[0]", problems);
        new FeatureSpec(List.of("a"), List.of("scale"), null, null, Double.POSITIVE_INFINITY, null, null)
                .check("features[1]", problems);
        new FeatureSpec(List.of("a"), null, ImputeSpec.of(Double.NaN), null, null, null, null)
                .check("features[2]", problems);
        new LabelSpec("y", "classes", null, null, Map.of("a", Double.POSITIVE_INFINITY)).check("label", problems);
        FeatureUnits.check(
                List.of(new FeatureSpec(List.of("c"), null, null, null, null, null, null)),
                CLASSES,
                "c",
                SCHEMA,
                problems);
        assertThat(problems.all())
                .anySatisfy(each ->
                        assertThat(each).startsWith("features[0].columns[1]: must be a column's name, was null"))
                .anySatisfy(each -> assertThat(each).startsWith("features[0].transform: must be of"))
                .anySatisfy(each -> assertThat(each).startsWith("features[1].divideBy: must be a finite number"))
                .anySatisfy(each -> assertThat(each).startsWith("features[2].impute: must be a finite number"))
                .anySatisfy(each -> assertThat(each).startsWith("label.classWeights.a: must be > 0 and finite"))
                .anySatisfy(each -> assertThat(each).startsWith("features[0].columns: the weight c"));
    }
}
