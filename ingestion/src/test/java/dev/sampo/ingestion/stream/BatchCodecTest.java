package dev.sampo.ingestion.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sampo.model.data.Batch;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class BatchCodecTest {
    private static final int[] ODD = {Integer.MIN_VALUE, -2, -1, 0, 1, 2, 3, 4, 9, 1 << 16, 1 << 30, Integer.MAX_VALUE};

    private static void assertSame(Batch batch) {
        assertThat(BatchCodec.decode(BatchCodec.encode(batch)))
                .usingRecursiveComparison()
                .isEqualTo(batch);
    }

    @Test
    void batchesComeBackAsTheyWere() {
        assertSame(Batch.dense(2, 3, new float[] {1, 2, 3, 4, 5, -0f}, new float[] {0, 1}, new float[] {1, .5f}));
        assertSame(Batch.dense(0, 3, new float[0], new float[0], null));
        assertSame(Batch.dense(2, 0, new float[0], new float[] {1, 2}, null));
        assertSame(Batch.sparse(
                3, 9, new int[] {0, 2, 2, 3}, new int[] {0, 8, 4}, new float[] {1, 2, 3}, new float[] {1, 0, 1}, null));
        assertSame(Batch.sparse(0, 9, new int[] {0}, new int[0], new float[0], new float[0], new float[0]));
    }

    /** Every pair of odd sizes in a header is refused or read; nothing is allocated for bytes that are not there. */
    @Test
    void hostileHeadersAreRefused() {
        byte[] dense = BatchCodec.encode(Batch.dense(2, 2, new float[4], new float[2], null));
        byte[] sparse = BatchCodec.encode(
                Batch.sparse(2, 4, new int[] {0, 1, 2}, new int[] {0, 3}, new float[2], new float[2], new float[2]));
        for (byte[] good : new byte[][] {dense, sparse}) {
            for (int field = 0; field < 5; field++) {
                for (int other = 0; other < 5; other++) {
                    for (int a : ODD) {
                        for (int b : ODD) {
                            tryHeader(good, field, a, other, b);
                        }
                    }
                }
            }
        }
    }

    private static void tryHeader(byte[] good, int field, int a, int other, int b) {
        ByteBuffer bytes = ByteBuffer.wrap(good.clone()).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(4 * field, a).putInt(4 * other, b);
        try {
            Batch read = BatchCodec.decode(bytes.array());
            assertThat(BatchCodec.encode(read)).isEqualTo(bytes.array());
        } catch (IllegalArgumentException refused) {
            assertThat(refused).hasMessageContaining("batch");
        }
    }

    @Test
    void rowsAndFeaturesMustLieWithin() {
        byte[] good = BatchCodec.encode(
                Batch.sparse(2, 4, new int[] {0, 1, 2}, new int[] {0, 3}, new float[2], new float[2], null));
        for (int word = 5; word < 10; word++) {
            for (int value : ODD) {
                ByteBuffer bytes = ByteBuffer.wrap(good.clone()).order(ByteOrder.LITTLE_ENDIAN);
                bytes.putInt(4 * word, value);
                try {
                    Batch read = BatchCodec.decode(bytes.array());
                    for (int index : read.indices()) {
                        assertThat(index).isBetween(0, 3);
                    }
                } catch (IllegalArgumentException refused) {
                    assertThat(refused).hasMessageContaining("batch");
                }
            }
        }
        assertThatThrownBy(() -> BatchCodec.decode(new byte[19])).hasMessageContaining("only 19 bytes");
    }
}
