package dev.sampo.model.feature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sampo.model.data.BadRecordException;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NumbersTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "-0",
                "+0",
                "-0.0",
                "7",
                "007",
                ".5",
                "5.",
                "-.5",
                "1.25",
                "999999999999999",
                "9999999999999999",
                "0.000000000000001",
                "0.1",
                "0.30000000000000004",
                "123456.789012345",
                "1e3",
                "1E-3",
                "-1.5e+10",
                " 4 ",
                "4.9e-324",
                "2.2250738585072012e-308",
                "3.4028234663852886e38",
                "0000000000000000000001",
                "1e22"
            })
    void parsesLikeJava(String text) {
        assertThat(Double.doubleToRawLongBits(Numbers.parseDouble(text)))
                .isEqualTo(Double.doubleToRawLongBits(Double.parseDouble(text)));
    }

    @Test
    void parsesRandomDecimalsLikeJava() {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 100_000; i++) {
            long mantissa = random.nextLong(1_000_000_000_000_000L) >>> random.nextInt(50);
            String text =
                    java.math.BigDecimal.valueOf(mantissa, random.nextInt(16)).toPlainString();
            text = random.nextBoolean() ? "-" + text : text;
            assertThat(Double.doubleToRawLongBits(Numbers.parseDouble(text)))
                    .as(text)
                    .isEqualTo(Double.doubleToRawLongBits(Double.parseDouble(text)));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "+",
                "-",
                ".",
                "+.",
                "1.2.3",
                "--1",
                "1-",
                "1,5",
                "1e",
                "x",
                "0x10",
                "0X1p3",
                "1d",
                "1f",
                "2.5D",
                "1F",
                "NaN",
                "Infinity",
                "-Infinity",
                "1e39",
                "1e999",
                "١"
            })
    void refusesWhatIsNoFiniteNumber(String text) {
        assertThatThrownBy(() -> Numbers.parse("price", text))
                .isInstanceOf(BadRecordException.class)
                .hasMessageStartingWith("column price: ");
    }

    @Test
    void hashesInStableBuckets() {
        // Fixed for ever: a trained model depends on them.
        assertThat(bucket("[c]=red")).isEqualTo(573);
        assertThat(bucket("[c]=green")).isEqualTo(442);
        assertThat(bucket("[a, b]=x & y")).isEqualTo(745);
    }

    private static int bucket(String text) {
        return Numbers.bucket(text, 1000);
    }

    /** Java reads 1f and 1d as numbers, which would make them one label with 1. */
    @Test
    void labelsThatOnlyJavaTakesForNumbersStayApart() {
        LabelSpec label = new LabelSpec("y", "classes", null, null, null);
        assertThat(java.util.List.of("1f", "1d", "1F", "0x1", "1.0", "+1", "1e0"))
                .extracting(each -> FitStatistics.canonical(each, label))
                .containsExactly("1f", "1d", "1F", "0x1", "1", "1", "1");
    }
}
