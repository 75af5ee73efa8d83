package dev.sampo.parameter.compression;

/** Floats of two bytes: rounding to nearest, ties to even, and their bits. IEEE 754-2019, sections 3.4 and 4.3.1. */
final class ShortFloats {
    private static final int MAGNITUDE = 0x7FFF_FFFF;
    private static final int INFINITY = 0x7F80_0000;
    /** 2^-14, below which binary16 has steps of 2^-24, the last place of numbers from 0.5 to 1. */
    private static final float FLOAT16_NORMAL_MIN = 0x1p-14f;

    /** 65520, the first magnitude that rounds to 2^16. */
    private static final float FLOAT16_OVERFLOW = 65520f;

    private ShortFloats() {}

    /** The nearest number that binary16 has; infinity from 65520 on. */
    static float toFloat16(float value) {
        float magnitude = Math.abs(value);
        if (magnitude < FLOAT16_NORMAL_MIN) {
            return Math.copySign(magnitude + 0.5f - 0.5f, value);
        }
        if (magnitude >= FLOAT16_OVERFLOW) {
            return Math.copySign(Float.POSITIVE_INFINITY, value);
        }
        return roundBits(value, 13);
    }

    /** The nearest number that bfloat16 has. */
    static float toBfloat16(float value) {
        return roundBits(value, 16);
    }

    /** Rounds the last {@code bits} of the significand away; a carry raises the exponent as it must. */
    private static float roundBits(float value, int bits) {
        int raw = Float.floatToRawIntBits(value);
        if ((raw & MAGNITUDE) >= INFINITY) {
            return Float.isNaN(value) ? Float.NaN : value;
        }
        int odd = raw >>> bits & 1;
        int rounded = raw + (1 << bits - 1) - 1 + odd;
        return Float.intBitsToFloat(rounded >> bits << bits);
    }

    /** The bits of a number that {@link #toFloat16} gave. */
    static short float16Bits(float value) {
        int raw = Float.floatToRawIntBits(value);
        int sign = raw >>> 16 & 0x8000;
        float magnitude = Math.abs(value);
        int bits;
        if (magnitude < FLOAT16_NORMAL_MIN) {
            bits = (int) (magnitude * 0x1p24f);
        } else if (magnitude <= 65504f) {
            bits = ((raw & MAGNITUDE) >>> 13) - (127 - 15 << 10);
        } else {
            bits = magnitude == Float.POSITIVE_INFINITY ? 0x7C00 : 0x7E00;
        }
        return (short) (sign | bits);
    }

    static float ofFloat16Bits(short bits) {
        int sign = (bits & 0x8000) << 16;
        int magnitude = bits & 0x7FFF;
        if (magnitude < 0x0400) {
            return Math.copySign(magnitude * 0x1p-24f, Float.intBitsToFloat(sign | 0x3F80_0000));
        }
        if (magnitude >= 0x7C00) {
            return Float.intBitsToFloat(sign | INFINITY | (magnitude & 0x03FF) << 13);
        }
        return Float.intBitsToFloat(sign | (magnitude << 13) + (127 - 15 << 23));
    }

    /** The bits of a number that {@link #toBfloat16} gave. */
    static short bfloat16Bits(float value) {
        return (short) (Float.floatToRawIntBits(value) >>> 16);
    }

    static float ofBfloat16Bits(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }
}
