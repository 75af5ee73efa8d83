package dev.sampo.node.security;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The token of a file, as it is now: a changed one holds within a second. While the file can't be read, the one before does.
 * Thread-safe.
 */
public final class BearerToken {
    private static final Logger LOG = LoggerFactory.getLogger(BearerToken.class);
    private static final long READ_EVERY_NANOS = 1_000_000_000;
    private static final String SCHEME = "Bearer ";

    private final Path file;
    private byte[] digest;
    private long readAt;
    private boolean told;

    /** {@link IllegalArgumentException} if there is no token in the file now. */
    public BearerToken(Path file) {
        this.file = file;
        try {
            digest = digest(read(file));
        } catch (IOException e) {
            throw new IllegalArgumentException(file + ": no token can be read (" + e.getMessage() + ")", e);
        }
        readAt = System.nanoTime();
    }

    /** The text of a token's file; {@link IOException} if it has none. */
    public static String read(Path file) throws IOException {
        String text = Files.readString(file).strip();
        if (text.isEmpty() || text.chars().anyMatch(Character::isWhitespace)) {
            throw new IOException(
                    "one line with a token is expected, but there " + (text.isEmpty() ? "is none" : "are more"));
        }
        return text;
    }

    /** Whether an Authorization header shows the token; takes as long whatever it shows. */
    public boolean accepts(Optional<String> authorization) {
        String shown = authorization.orElse("");
        boolean scheme = shown.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
        // Digests are of one length, so that the comparison tells not even that of the token.
        return MessageDigest.isEqual(
                        digest(scheme ? shown.substring(SCHEME.length()).strip() : ""), current())
                && scheme;
    }

    private synchronized byte[] current() {
        if (System.nanoTime() - readAt > READ_EVERY_NANOS) {
            readAt = System.nanoTime();
            try {
                digest = digest(read(file));
                told = false;
            } catch (IOException e) {
                if (!told) {
                    LOG.warn("the token of {} can't be read again, the one before holds: {}", file, e.toString());
                }
                told = true;
            }
        }
        return digest;
    }

    private static byte[] digest(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }
}
