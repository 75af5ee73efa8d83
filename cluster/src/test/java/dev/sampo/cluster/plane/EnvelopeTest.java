package dev.sampo.cluster.plane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class EnvelopeTest {
    private final ByteBuffer buffer = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);

    private String written() {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    @Test
    void anEnvelopeLiesAsDrawn() {
        Envelope.write(buffer, "a/b", "m-1", target -> target.putInt(7));
        assertEquals("0e000000" + "0300612f62" + "03006d2d31" + "07000000", written());
    }

    @Test
    void aHelloLiesAsDrawn() {
        Envelope.writeHello(buffer, new Token("t"), "n");
        assertEquals("14000000" + "0c0073616d706f2d646174612d31" + "010074" + "01006e", written());
    }

    @Test
    void aLengthThatNoEnvelopeHasIsRefused() {
        assertEquals(4, Envelope.length(4, 10));
        assertEquals(10, Envelope.length(10, 10));
        for (int wrong : new int[] {3, 0, -1, 11, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            assertThrows(IllegalArgumentException.class, () -> Envelope.length(wrong, 10));
        }
    }

    @Test
    void aTokenIsNotTold() {
        assertEquals("Token", Token.random().toString());
        assertEquals(32, Token.random().text().length());
    }
}
