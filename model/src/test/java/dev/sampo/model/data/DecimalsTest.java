package dev.sampo.model.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every number the same bits as {@link Double#parseDouble}, from bytes and from text. */
class DecimalsTest {
    private static final List<String> ODD = List.of(
            "0",
            "-0",
            "+0",
            "00",
            "0.",
            ".0",
            "-.0",
            "9007199254740992",
            "9007199254740993",
            "9007199254740991",
            "999999999999999999",
            "1000000000000000000",
            "9999999999999999999",
            "18446744073709551616",
            "0.000000000000000001",
            "0.0000000000000000000001",
            "0.00000000000000000000001",
            "4.9e-324",
            "2.4e-324",
            "2.5e-324",
            "2.2250738585072011e-308",
            "2.2250738585072012e-308",
            "1.7976931348623157e308",
            "1.7976931348623158e308",
            "1.7976931348623159e308",
            "1e309",
            "-1e309",
            "1e-400",
            "1e22",
            "1e23",
            "1E+5",
            "1e05",
            "9007199254740993e1",
            "8.5e0",
            "0.1e1",
            " 1",
            "1 ",
            "\t1.5\t",
            "NaN",
            "-NaN",
            "Infinity",
            "-Infinity",
            "+Infinity",
            "3.4028235677973366e38",
            "1.00000017881393432617187499");

    static List<Integer> seeds() {
        return IntStream.range(0, 100).boxed().toList();
    }

    private static void same(String text) {
        long expected = Double.doubleToRawLongBits(Double.parseDouble(text));
        assertThat(Double.doubleToRawLongBits(Decimals.parse(text))).as(text).isEqualTo(expected);
        byte[] bytes = ("7" + text + "8").getBytes(StandardCharsets.UTF_8);
        assertThat(Double.doubleToRawLongBits(Decimals.parse(bytes, 1, bytes.length - 1)))
                .as(text)
                .isEqualTo(expected);
    }

    @Test
    void oddNumbers() {
        ODD.forEach(DecimalsTest::same);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void randomNumbers(int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 2_000; i++) {
            double any = Double.longBitsToDouble(random.nextLong());
            if (Double.isFinite(any)) {
                same(Double.toString(any));
                same(new BigDecimal(any).toPlainString());
            }
            double usual = random.nextDouble() * Math.pow(10, random.nextInt(-6, 7));
            same(Double.toString(usual));
            same(Float.toString((float) usual));
            same(String.format(java.util.Locale.ROOT, "%." + random.nextInt(20) + "f", usual));
            same(digits(random));
        }
    }

    /** A sign, digits with a point anywhere, and sometimes an exponent. */
    private static String digits(SplittableRandom random) {
        StringBuilder text = new StringBuilder();
        int length = 1 + random.nextInt(26);
        for (int i = 0; i < length; i++) {
            text.append((char) ('0' + random.nextInt(10)));
        }
        if (random.nextInt(4) > 0) {
            text.insert(random.nextInt(length + 1), '.');
        }
        if (random.nextInt(4) == 0) {
            text.append(random.nextBoolean() ? 'e' : 'E').append(random.nextInt(-340, 330));
        }
        return List.of("", "-", "+").get(random.nextInt(3)) + text;
    }

    /** Halves between two doubles are where a rounding goes wrong first. */
    @Test
    void halvesBetweenNeighbours() {
        SplittableRandom random = new SplittableRandom(3);
        List<String> halves = new ArrayList<>();
        for (int i = 0; i < 5_000; i++) {
            double low = Math.abs(Double.longBitsToDouble(random.nextLong()));
            if (low > 1e-30 && low < 1e30) {
                BigDecimal half = new BigDecimal(low)
                        .add(new BigDecimal(Math.nextUp(low)))
                        .divide(BigDecimal.valueOf(2));
                halves.add(half.toPlainString());
                halves.add(half.toString() + "1");
            }
        }
        assertThat(halves).hasSizeGreaterThan(500);
        halves.stream().filter(each -> !each.contains("E")).forEach(DecimalsTest::same);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", " ", "+", "-", ".", "1.2.3", "--1", "1-", "1e", "x", "0x10", "1d", "1f", "2.5D", "1F", "١", "1_0"
            })
    void whatIsNoneIsRefused(String text) {
        byte[] bytes = ("7" + text + "8").getBytes(StandardCharsets.UTF_8);
        assertThatThrownBy(() -> Decimals.parse(text)).isInstanceOf(NumberFormatException.class);
        assertThatThrownBy(() -> Decimals.parse(bytes, 1, bytes.length - 1)).isInstanceOf(NumberFormatException.class);
    }
}
