package dev.sampo.model.feature;

import static dev.sampo.model.feature.Fitting.NUMERIC;
import static dev.sampo.model.feature.Fitting.bucketed;
import static dev.sampo.model.feature.Fitting.column;
import static dev.sampo.model.feature.Fitting.cross;
import static dev.sampo.model.feature.Fitting.dense;
import static dev.sampo.model.feature.Fitting.feature;
import static dev.sampo.model.feature.Fitting.imputed;
import static dev.sampo.model.feature.Fitting.label;
import static dev.sampo.model.feature.Fitting.oneHot;
import static dev.sampo.model.feature.Fitting.row;
import static dev.sampo.model.feature.Fitting.schema;
import static dev.sampo.model.feature.Fitting.sparse;
import static dev.sampo.model.feature.Fitting.statistics;
import static dev.sampo.model.feature.Fitting.vectors;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FitStatisticsTest {
    private static final Schema SCHEMA = schema("x", "c", "d", "y");
    /** One of each kind that gathers something. */
    private static final List<FeatureSpec> FEATURES = List.of(
            imputed("x", "standardize", ImputeSpec.of("mean"), true),
            imputed("x", "minMax", ImputeSpec.of("median"), false),
            new FeatureSpec(List.of("x"), List.of("quantileBuckets"), ImputeSpec.of(1), null, null, null, 4),
            oneHot("c", 2),
            bucketed("hash", 8, "d"),
            cross("c", "d"));

    private static List<Row> rows(long seed, int count) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            rows.add(row(
                    random.nextInt(5) == 0 ? null : Double.toString(random.nextDouble(-3, 9)),
                    maybe(random, "red", "green & blue", "(missing)", "ö\\"),
                    maybe(random, "a", "b & c", "d"),
                    random.nextBoolean() ? "no" : "yes"));
        }
        return rows;
    }

    private static @Nullable String maybe(SplittableRandom random, String... values) {
        int choice = random.nextInt(values.length + 1);
        return choice == values.length ? null : values[choice];
    }

    private static FitStatistics copy(FitStatistics statistics) {
        return FitStatistics.fromBytes(FEATURES, label("binary"), null, SCHEMA, statistics.toBytes());
    }

    @Test
    void fitsTwiceTheSame() throws BadRecordException {
        FitStatistics statistics = statistics(FEATURES, label("binary"), SCHEMA, rows(1, 200));
        String first = statistics.fit().toJson();
        assertThat(statistics.fit().toJson()).isEqualTo(first);
        statistics.add(rows(2, 1).get(0));
        assertThat(statistics.fit().toJson()).isNotEqualTo(first);
    }

    @Test
    void fitsVectorsTwiceTheSame() throws BadRecordException {
        List<Row> rows = List.of(sparse("1", new int[] {1}, 4f), sparse("2", new int[] {0, 2}, 1f, 2f));
        FitStatistics statistics = statistics(List.of(feature("v", "standardize")), NUMERIC, vectors(3), rows);
        assertThat(statistics.fit().toJson()).isEqualTo(statistics.fit().toJson());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void bytesKeepEveryBit(long seed) throws BadRecordException {
        FitStatistics statistics = statistics(FEATURES, label("binary"), SCHEMA, rows(seed, 300));
        FitStatistics read = copy(statistics);
        assertThat(read.toBytes()).isEqualTo(statistics.toBytes());
        assertThat(read.fit().toJson()).isEqualTo(statistics.fit().toJson());
        // What is read must go on as what was written.
        statistics.merge(statistics(FEATURES, label("binary"), SCHEMA, rows(9, 50)));
        read.merge(statistics(FEATURES, label("binary"), SCHEMA, rows(9, 50)));
        assertThat(read.fit().toJson()).isEqualTo(statistics.fit().toJson());
    }

    /** Groups are fixed by the index; whoever makes them, in whatever process, the merge in their order is the same bits. */
    @ParameterizedTest
    @ValueSource(longs = {4, 5, 6, 7, 8})
    void mergesOfTheSameGroupsInOrderAreTheSameBits(long seed) throws BadRecordException {
        List<Row> rows = rows(seed, 257);
        SplittableRandom random = new SplittableRandom(seed);
        FitStatistics here = statistics(FEATURES, label("binary"), SCHEMA, List.of());
        FitStatistics overTheWire = statistics(FEATURES, label("binary"), SCHEMA, List.of());
        List<FitStatistics> groups = new ArrayList<>();
        for (int from = 0; from < rows.size(); ) {
            int to = Math.min(rows.size(), from + random.nextInt(40));
            groups.add(statistics(FEATURES, label("binary"), SCHEMA, rows.subList(from, to)));
            from = to;
        }
        groups.forEach(here::merge);
        groups.forEach(each -> overTheWire.merge(copy(each)));
        assertThat(overTheWire.fit().toJson()).isEqualTo(here.fit().toJson());
        // Counts do not even depend on the groups.
        FitStatistics whole = statistics(FEATURES, label("binary"), SCHEMA, rows);
        assertThat(here.fit().names()).containsAll(categories(whole));
    }

    private static List<String> categories(FitStatistics statistics) {
        return statistics.fit().names().stream()
                .filter(each -> each.contains("="))
                .filter(each -> !each.contains("<="))
                .toList();
    }

    @Test
    void checksWithoutCounting() throws BadRecordException {
        FitStatistics statistics = statistics(FEATURES, label("binary"), SCHEMA, rows(1, 20));
        byte[] before = statistics.toBytes();
        statistics.check(row("99", "new", "new", "maybe"));
        assertThatThrownBy(() -> statistics.check(row("much", "new", "new", "yes")))
                .isInstanceOf(BadRecordException.class)
                .hasMessage("column x: \"much\" is not a number");
        assertThat(statistics.toBytes()).isEqualTo(before);
    }

    @Test
    void aRefusedRowLeavesNothingBehind() throws BadRecordException {
        FitStatistics statistics = FitStatistics.empty(
                List.of(feature("x", "oneHot"), feature("z", "passthrough")),
                label("classes"),
                "w",
                schema("x", "z", "w", "y"));
        statistics.add(row("a", "1", "1", "p"));
        statistics.add(row("a", "1", "1", "q"));
        byte[] before = statistics.toBytes();
        List<Row> bad = List.of(
                row("b", null, "1", "p"),
                row("b", "NaN", "1", "p"),
                row("b", "1e39", "1", "p"),
                row("b", "1", "-1", "p"),
                row("b", "1", "Infinity", "p"),
                row("b", "1", null, "p"),
                row("b", "1", "1", null),
                row("b", "1", "1"));
        for (Row each : bad) {
            assertThatThrownBy(() -> statistics.add(each)).isInstanceOf(BadRecordException.class);
            assertThat(statistics.toBytes()).as(Arrays.toString(each.cells())).isEqualTo(before);
        }
    }

    @Test
    void refusesTheLabelThatIsOneTooManyAndKeepsTheRest() throws BadRecordException {
        FitStatistics statistics =
                FitStatistics.empty(List.of(feature("x", "passthrough")), label("classes"), null, schema("x", "y"));
        for (int i = 0; i < 10_000; i++) {
            statistics.add(row("1", "l" + i));
        }
        byte[] before = statistics.toBytes();
        assertThatThrownBy(() -> statistics.add(row("1", "one more")))
                .isInstanceOf(BadRecordException.class)
                .hasMessageContaining("column y: more than 10000 different labels");
        assertThat(statistics.toBytes()).isEqualTo(before);
        statistics.add(row("1", "l7"));
        FitStatistics other = statistics(
                List.of(feature("x", "passthrough")), label("classes"), schema("x", "y"), List.of(row("1", "o")));
        byte[] full = statistics.toBytes();
        assertThatThrownBy(() -> statistics.merge(other)).hasMessageContaining("more than 10000 different labels");
        assertThat(statistics.toBytes()).isEqualTo(full);
    }

    @Test
    void refusesTheCategoryThatIsOneTooManyAndKeepsTheRest() throws BadRecordException {
        FitStatistics statistics =
                FitStatistics.empty(List.of(feature("x", "oneHot")), NUMERIC, null, schema("x", "y"));
        for (int i = 0; i < CategoryStatistics.VALUES_MAX; i++) {
            statistics.add(row(Integer.toString(i), "1"));
        }
        assertThatThrownBy(() -> statistics.add(row("one more", "1")))
                .isInstanceOf(BadRecordException.class)
                .hasMessageContaining("column x: more than 1000000 different values");
        statistics.add(row("7", "1"));
        FitStatistics other =
                statistics(List.of(feature("x", "oneHot")), NUMERIC, schema("x", "y"), List.of(row("o", "1")));
        assertThatThrownBy(() -> statistics.merge(other))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("column x: more than 1000000 different values");
        assertThat(statistics.fit().width()).isEqualTo(CategoryStatistics.VALUES_MAX + 1);
    }

    @Test
    void aCategoryMayBeLongerThan64KiB() throws BadRecordException {
        String giant = "ß".repeat(70_000);
        List<FeatureSpec> features = List.of(feature("x", "oneHot"));
        FitStatistics statistics = statistics(features, NUMERIC, schema("x", "y"), column(giant, "short"));
        FitStatistics read = FitStatistics.fromBytes(features, NUMERIC, null, schema("x", "y"), statistics.toBytes());
        assertThat(read.fit().names()).containsExactly("x=short", "x=" + giant, "x=(other)");
    }

    @Test
    void truncatedBytesAreRefused() throws BadRecordException {
        byte[] bytes =
                statistics(FEATURES, label("binary"), SCHEMA, rows(3, 30)).toBytes();
        for (int length = 0; length < bytes.length; length++) {
            byte[] cut = Arrays.copyOf(bytes, length);
            assertThatThrownBy(() -> FitStatistics.fromBytes(FEATURES, label("binary"), null, SCHEMA, cut))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("damaged feature statistics");
        }
        byte[] longer = Arrays.copyOf(bytes, bytes.length + 1);
        assertThatThrownBy(() -> FitStatistics.fromBytes(FEATURES, label("binary"), null, SCHEMA, longer))
                .hasMessageContaining("1 bytes too many");
    }

    /** Sizes are checked against what is left: any byte set to the worst values is refused or harmless, never an Error. */
    @Test
    void hostileBytesAreRefusedOrHarmless() throws BadRecordException {
        byte[] bytes =
                statistics(FEATURES, label("binary"), SCHEMA, rows(3, 30)).toBytes();
        int refused = 0;
        for (int at = 0; at < bytes.length; at++) {
            for (byte value : new byte[] {0x7f, (byte) 0xff, (byte) 0x80}) {
                byte[] hostile = Fitting.with(bytes, at, value);
                Throwable thrown =
                        catchThrowable(() -> FitStatistics.fromBytes(FEATURES, label("binary"), null, SCHEMA, hostile)
                                .fit());
                if (thrown != null) {
                    assertThat(thrown).isInstanceOf(IllegalArgumentException.class);
                    refused++;
                }
            }
        }
        assertThat(refused).isGreaterThan(bytes.length / 4);
    }

    @Test
    void statisticsOfOtherFeaturesAreRefused() throws BadRecordException {
        byte[] bytes = statistics(List.of(feature("x", "oneHot")), NUMERIC, schema("x", "y"), column("1", "2"))
                .toBytes();
        List<FeatureSpec> two = List.of(feature("x", "oneHot"), feature("x", "standardize"));
        assertThatThrownBy(() -> FitStatistics.fromBytes(two, NUMERIC, null, schema("x", "y"), bytes))
                .hasMessageContaining("1 features for 2");
    }

    @Test
    void entriesOfTheVectorAreCountedOnceForEachUnit() throws BadRecordException {
        // 2 of 8 elements in a row: dense at a quarter. Counting each unit's entries for both would still say dense;
        // 1 of 8 twice is 2 of 16, sparse.
        List<FeatureSpec> twice = List.of(feature("v", "passthrough"), feature("v", "passthrough"));
        List<Row> lean = List.of(sparse("1", new int[] {1}, 1f), sparse("1", new int[] {7}, 1f));
        List<Row> full = List.of(dense("1", 1, 1, 1, 1, 1, 1, 1, 1));
        assertThat(statistics(twice, NUMERIC, vectors(8), lean).fit().sparse()).isTrue();
        assertThat(statistics(twice, NUMERIC, vectors(8), full).fit().sparse()).isFalse();
        List<Row> three = List.of(sparse("1", new int[] {1, 2, 3}, 1f, 1f, 1f));
        assertThat(statistics(twice, NUMERIC, vectors(16), three).fit().sparse())
                .isTrue();
    }

    @Test
    void namesTheColumnThatTheSchemaLacks() {
        assertThatThrownBy(() -> FitStatistics.empty(List.of(feature("z", "oneHot")), NUMERIC, null, schema("x", "y")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("column z: missing; the rows have x, y");
    }
}
