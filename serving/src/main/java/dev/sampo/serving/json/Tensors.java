package dev.sampo.serving.json;

import com.fasterxml.jackson.core.io.NumberOutput;
import com.fasterxml.jackson.databind.JsonNode;
import dev.sampo.serving.registry.ModelInfo.Kind;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The tensor datatypes of the Open Inference Protocol, and how an element is read under each. */
enum Tensors {
    BOOL(null, null),
    UINT8(BigInteger.ZERO, BigInteger.valueOf(255)),
    UINT16(BigInteger.ZERO, BigInteger.valueOf(65_535)),
    UINT32(BigInteger.ZERO, BigInteger.valueOf(4_294_967_295L)),
    UINT64(BigInteger.ZERO, BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE)),
    INT8(BigInteger.valueOf(-128), BigInteger.valueOf(127)),
    INT16(BigInteger.valueOf(-32_768), BigInteger.valueOf(32_767)),
    INT32(BigInteger.valueOf(Integer.MIN_VALUE), BigInteger.valueOf(Integer.MAX_VALUE)),
    INT64(BigInteger.valueOf(Long.MIN_VALUE), BigInteger.valueOf(Long.MAX_VALUE)),
    FP16(null, null),
    FP32(null, null),
    FP64(null, null),
    BYTES(null, null);

    private static final double FP16_MAX = 65_504;

    private final @Nullable BigInteger min;
    private final @Nullable BigInteger max;

    Tensors(@Nullable BigInteger min, @Nullable BigInteger max) {
        this.min = min;
        this.max = max;
    }

    /** The datatype of that name; {@link BadInputException} if there is none, or if the column can't take it. */
    static Tensors forColumn(JsonNode name, Kind kind, String place) {
        for (Tensors type : values()) {
            if (type.name().equals(name.textValue())) {
                if ((type == BYTES) == (kind == Kind.TEXT)) {
                    return type;
                }
                throw new BadInputException(place + ": expected " + expected(kind) + ", was " + type);
            }
        }
        String hint = name.isTextual() && isName(name.textValue().toUpperCase(Locale.ROOT)) ? " (in capitals)" : "";
        throw new BadInputException(place + ": expected " + expected(kind) + hint + ", was " + Json.typeOf(name));
    }

    /** The datatype that the metadata names for a column; any numeric one is taken for numbers. */
    static Tensors of(Kind kind) {
        return switch (kind) {
            case NUMBER -> FP64;
            case TEXT -> BYTES;
            case VECTOR -> FP32;
        };
    }

    private static boolean isName(String name) {
        for (Tensors type : values()) {
            if (type.name().equals(name)) {
                return true;
            }
        }
        return false;
    }

    private static String expected(Kind kind) {
        return kind == Kind.TEXT ? "BYTES" : of(kind) + " or another numeric datatype";
    }

    /** The element as a raw cell; null if it is missing. Numbers keep every digit that a double has. */
    @Nullable String cell(JsonNode element, String place) {
        if (element.isNull()) {
            return null;
        }
        if (this == BYTES) {
            if (!element.isTextual()) {
                throw wrong(element, place);
            }
            // As in a file: an empty field is a missing value.
            return element.textValue().isEmpty() ? null : element.textValue();
        }
        if (element.isIntegralNumber() && this != BOOL) {
            number(element, place);
            return element.asText();
        }
        return text(number(element, place));
    }

    /** The shortest text that reads back as the same number. */
    static String text(double number) {
        return NumberOutput.toString(number, true);
    }

    /** The element as a number; {@link BadInputException} if it is none or out of the datatype's range. */
    double number(JsonNode element, String place) {
        if (this == BOOL) {
            return bool(element, place);
        }
        if (!element.isNumber()) {
            throw wrong(element, place);
        }
        double value = element.doubleValue();
        boolean fits = min == null || max == null
                ? Double.isFinite(value) && Math.abs(value) <= largest()
                : isWhole(element, value) && inRange(element, value, min, max);
        if (!fits) {
            throw wrong(element, place);
        }
        return value;
    }

    private static boolean isWhole(JsonNode element, double value) {
        return element.isIntegralNumber() || value == Math.rint(value);
    }

    private static boolean inRange(JsonNode element, double value, BigInteger min, BigInteger max) {
        if (element.isIntegralNumber() && !element.canConvertToInt()) {
            BigInteger exact = element.bigIntegerValue();
            return exact.compareTo(min) >= 0 && exact.compareTo(max) <= 0;
        }
        return value >= min.doubleValue() && value <= max.doubleValue();
    }

    private double largest() {
        return switch (this) {
            case FP16 -> FP16_MAX;
            case FP32 -> Float.MAX_VALUE;
            default -> Double.MAX_VALUE;
        };
    }

    private double bool(JsonNode element, String place) {
        if (element.isBoolean()) {
            return element.booleanValue() ? 1 : 0;
        }
        if (element.isIntegralNumber()
                && (element.longValue() == 0 || element.longValue() == 1)
                && element.canConvertToInt()) {
            return element.longValue();
        }
        throw wrong(element, place);
    }

    /** Whether data can be so many elements; each of BYTES is a length and its bytes. */
    boolean holds(ByteBuffer data, long elements) {
        return this == BYTES
                ? data.remaining() >= elements * Integer.BYTES
                : data.remaining() == elements * sizeBytes();
    }

    /** Bytes of an element as binary data, little-endian; BYTES have no fixed size. */
    private int sizeBytes() {
        return switch (this) {
            case BOOL, UINT8, INT8 -> 1;
            case UINT16, INT16, FP16 -> 2;
            case UINT32, INT32, FP32 -> 4;
            case UINT64, INT64, FP64 -> 8;
            case BYTES -> throw new IllegalStateException("an element of BYTES has no fixed size");
        };
    }

    /** The next element of binary data as a raw cell, as {@link #cell(JsonNode, String)}. */
    @Nullable String cell(ByteBuffer data, String place) {
        return switch (this) {
            case BYTES -> bytes(data, place);
            case UINT64 -> Long.toUnsignedString(data.getLong());
            case INT64 -> Long.toString(data.getLong());
            case FP16, FP32, FP64, BOOL -> text(number(data, place));
            default -> Long.toString((long) number(data, place));
        };
    }

    /** The next element of binary data as a number, as {@link #number(JsonNode, String)}. */
    double number(ByteBuffer data, String place) {
        double value = switch (this) {
            case BOOL -> data.get() == 0 ? 0 : 1;
            case UINT8 -> data.get() & 0xff;
            case INT8 -> data.get();
            case UINT16 -> data.getShort() & 0xffff;
            case INT16 -> data.getShort();
            case UINT32 -> data.getInt() & 0xffffffffL;
            case INT32 -> data.getInt();
            case UINT64 -> unsigned(data.getLong());
            case INT64 -> data.getLong();
            case FP16 -> half(data.getShort());
            case FP32 -> data.getFloat();
            case FP64 -> data.getDouble();
            case BYTES -> throw new IllegalStateException("BYTES hold no numbers");
        };
        if (!Double.isFinite(value)) {
            throw new BadInputException(place + ": expected a value of " + this + ", was " + value);
        }
        return value;
    }

    private static double unsigned(long bits) {
        return bits >= 0 ? bits : ((bits >>> 1) | (bits & 1)) * 2.0;
    }

    /** IEEE 754 binary16. */
    private static double half(short bits) {
        int exponent = bits >> 10 & 0x1f;
        int fraction = bits & 0x3ff;
        double magnitude = exponent == 0x1f
                ? fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN
                : exponent == 0 ? fraction * 0x1p-24 : (fraction | 0x400) * Math.scalb(1.0, exponent - 25);
        return bits < 0 ? -magnitude : magnitude;
    }

    private static @Nullable String bytes(ByteBuffer data, String place) {
        int length = data.remaining() < Integer.BYTES ? -1 : data.getInt();
        if (length < 0 || length > data.remaining()) {
            throw new BadInputException(
                    place + ": expected a length of 4 bytes and as many bytes, the tensor ends before");
        }
        byte[] text = new byte[length];
        data.get(text);
        return length == 0 ? null : new String(text, StandardCharsets.UTF_8);
    }

    private BadInputException wrong(JsonNode element, String place) {
        return new BadInputException(place + ": expected a value of " + this + ", was " + Json.typeOf(element));
    }
}
