package dev.sampo.cluster.tls;

import java.util.Arrays;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The context of a folder's files for new connections; what is rotated is used within a second. Files that don't fit each
 * other, as in the midst of a rotation, leave the context before them in use. Thread-safe.
 */
public final class RotatingContext {
    private static final Logger LOG = LoggerFactory.getLogger(RotatingContext.class);
    private static final long LOOK_EVERY_NANOS = 1_000_000_000;

    private final TlsFiles files;
    private SSLContext context;
    private byte[] certificate;
    private long lookedAt;
    private String trouble = "";

    /** {@link IllegalArgumentException} says what of the files is wrong now. */
    public RotatingContext(TlsFiles files) {
        this.files = files;
        context = files.context();
        certificate = encoded();
        lookedAt = System.nanoTime();
    }

    /** The newest that is whole. */
    public synchronized SSLContext current() {
        if (System.nanoTime() - lookedAt > LOOK_EVERY_NANOS) {
            lookedAt = System.nanoTime();
            String now = renew();
            if (now != null && !now.equals(trouble)) {
                LOG.warn("the certificate can't be read again, the one before stays in use: {}", now);
            }
            trouble = now == null ? "" : now;
        }
        return context;
    }

    private @Nullable String renew() {
        try {
            byte[] now = encoded();
            if (!Arrays.equals(now, certificate)) {
                context = files.context();
                certificate = now;
                LOG.info(
                        "a new certificate is in use, valid until {}",
                        files.certificate().getNotAfter().toInstant());
            }
            return null;
        } catch (IllegalArgumentException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private byte[] encoded() {
        try {
            return files.certificate().getEncoded();
        } catch (java.security.cert.CertificateEncodingException e) {
            throw new IllegalArgumentException(files.certificateFile() + ": " + e.getMessage(), e);
        }
    }
}
