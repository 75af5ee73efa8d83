package dev.sampo.parameter.compression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PackingTest {
    private static ByteBuffer buffer() {
        return ByteBuffer.allocate(8192).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static float[] random(int length, double zeros) {
        Random random = new Random(length);
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = random.nextDouble() < zeros ? 0f : (float) random.nextGaussian();
        }
        return values;
    }

    private static float[] roundTrip(ByteBuffer bytes) {
        bytes.flip();
        float[] read = Packing.get(bytes);
        assertThat(bytes.remaining()).isZero();
        return read;
    }

    @ParameterizedTest
    @EnumSource(Compression.Method.class)
    void whatACompressionMadeComesBackBitForBit(Compression.Method method) {
        Compression compression = new Compression(method, 0.1);
        float[] values = random(1000, 0.9);
        values[7] = -0f;
        compression.round(values, 0, values.length);
        ByteBuffer bytes = buffer();
        compression.packing().put(bytes, values, 5, 990);
        float[] read = roundTrip(bytes);
        assertThat(read).hasSize(990);
        for (int i = 0; i < read.length; i++) {
            assertThat(Float.floatToRawIntBits(read[i])).isEqualTo(Float.floatToRawIntBits(values[5 + i]));
        }
    }

    @Test
    void twoByteFloatsTakeHalfAndSparseOnesEightBytesAnEntry() {
        ByteBuffer bytes = buffer();
        Packing.BFLOAT16.put(bytes, random(1000, 0), 0, 1000);
        assertThat(bytes.position()).isEqualTo(1 + 4 + 2000);
        float[] values = new float[1000];
        values[3] = 1;
        values[999] = 2;
        bytes.clear();
        Packing.SPARSE.put(bytes, values, 0, 1000);
        assertThat(bytes.position()).isEqualTo(1 + 8 + 2 * 8);
    }

    @Test
    void whatIsHardlySparseIsLaidWhole() {
        ByteBuffer bytes = buffer();
        Packing.SPARSE.put(bytes, random(1000, 0.4), 0, 1000);
        assertThat(bytes.position()).isEqualTo(1 + 4 + 4000);
        assertThat(roundTrip(bytes)).containsExactly(random(1000, 0.4));
    }

    @Test
    void aFrameThatClaimsTooMuchIsRefused() {
        assertThatThrownBy(() -> Packing.get(buffer().put((byte) 9).flip())).hasMessageContaining("packing 9");
        for (int packing = 1; packing < 4; packing++) {
            ByteBuffer bytes = buffer().put((byte) packing).putInt(1 << 30).putInt(1 << 30);
            assertThatThrownBy(() -> Packing.get(bytes.flip()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("remain");
        }
        ByteBuffer huge = buffer().put((byte) 3).putInt(1 << 30).putInt(0);
        assertThatThrownBy(() -> Packing.get(huge.flip())).hasMessageContaining("1073741824 floats");
        ByteBuffer outside =
                buffer().put((byte) 3).putInt(4).putInt(1).putInt(4).putFloat(1);
        assertThatThrownBy(() -> Packing.get(outside.flip())).hasMessageContaining("entry 4 of 4");
    }
}
