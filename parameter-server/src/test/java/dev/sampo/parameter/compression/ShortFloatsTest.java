package dev.sampo.parameter.compression;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ShortFloatsTest {
    @Test
    void everyFloat16ComesBackAndIsItsOwnRounding() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float value = ShortFloats.ofFloat16Bits((short) bits);
            if (!Float.isNaN(value)) {
                assertSameBits(ShortFloats.toFloat16(value), value);
                assertThat(ShortFloats.float16Bits(value)).isEqualTo((short) bits);
            } else {
                assertThat(ShortFloats.float16Bits(value) & 0x7FFF).isGreaterThan(0x7C00);
            }
        }
    }

    @Test
    void everyBfloat16ComesBackAndIsItsOwnRounding() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float value = ShortFloats.ofBfloat16Bits((short) bits);
            if (!Float.isNaN(value)) {
                assertSameBits(ShortFloats.toBfloat16(value), value);
                assertThat(ShortFloats.bfloat16Bits(value)).isEqualTo((short) bits);
            }
        }
    }

    /** Neighbours are found by counting bits, which is another way than the code's. */
    @Test
    void aNumberGoesToTheNearestAndInTheMiddleToTheEven() {
        Random random = new Random(1);
        for (int i = 0; i < 200_000; i++) {
            int bits = random.nextInt(0x7BFF);
            float low = ShortFloats.ofFloat16Bits((short) bits);
            float high = ShortFloats.ofFloat16Bits((short) (bits + 1));
            float middle = low + (high - low) / 2;
            float even = (bits & 1) == 0 ? low : high;
            assertSameBits(ShortFloats.toFloat16(middle), even);
            assertSameBits(ShortFloats.toFloat16(Math.nextDown(middle)), low);
            assertSameBits(ShortFloats.toFloat16(Math.nextUp(middle)), high);
            assertSameBits(ShortFloats.toFloat16(-middle), -even);
        }
        for (int i = 0; i < 200_000; i++) {
            int bits = random.nextInt(0x7F7F);
            float low = ShortFloats.ofBfloat16Bits((short) bits);
            float middle = Float.intBitsToFloat(bits << 16 | 0x8000);
            float high = ShortFloats.ofBfloat16Bits((short) (bits + 1));
            float even = (bits & 1) == 0 ? low : high;
            assertSameBits(ShortFloats.toBfloat16(middle), even);
            assertSameBits(ShortFloats.toBfloat16(Float.intBitsToFloat((bits << 16 | 0x8000) - 1)), low);
            assertSameBits(ShortFloats.toBfloat16(Float.intBitsToFloat((bits << 16 | 0x8000) + 1)), high);
        }
    }

    @Test
    void whatDoesNotFitIsInfinite() {
        assertThat(ShortFloats.toFloat16(65519.996f)).isEqualTo(65504f);
        assertThat(ShortFloats.toFloat16(65520f)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(ShortFloats.toFloat16(-1e30f)).isEqualTo(Float.NEGATIVE_INFINITY);
        assertThat(ShortFloats.toBfloat16(Float.MAX_VALUE)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(ShortFloats.toFloat16(Float.NaN)).isNaN();
        assertThat(ShortFloats.toBfloat16(Float.NaN)).isNaN();
    }

    private static void assertSameBits(float actual, float expected) {
        assertThat(Float.floatToRawIntBits(actual)).isEqualTo(Float.floatToRawIntBits(expected));
    }
}
