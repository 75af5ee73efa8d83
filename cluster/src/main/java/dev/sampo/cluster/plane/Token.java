package dev.sampo.cluster.plane;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;

/** What a node wants to hear from whoever connects; given only through the transport, so only members know it. */
record Token(String text) {
    private static final int BYTES = 16;

    static Token random() {
        byte[] bytes = new byte[BYTES];
        new SecureRandom().nextBytes(bytes);
        return new Token(HexFormat.of().formatHex(bytes));
    }

    /** In a time that does not depend on how much of it is right. */
    boolean is(String other) {
        return MessageDigest.isEqual(text.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
    }

    /** Not for logs. */
    @Override
    public String toString() {
        return "Token";
    }
}
