package dev.sampo.node.client;

import dev.sampo.cluster.tls.TlsFiles;
import dev.sampo.node.security.BearerToken;
import java.io.IOException;
import java.nio.file.Path;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * What a client shows to a cluster and believes of it.
 *
 * @param tlsDir with {@code tls.crt}, {@code tls.key} and {@code ca.crt}: ClusterClient speaks TLS, as the nodes do
 * @param ca of the HTTP API's certificate; null: that of {@code tlsDir}, or those of the JVM
 * @param tokenFile with the bearer token of the HTTP API
 */
public record Credentials(
        @Nullable Path tlsDir, @Nullable Path ca, @Nullable Path tokenFile) {
    /** Plain, and of no name. */
    public static final Credentials NONE = new Credentials(null, null, null);

    /** Whom HTTPS believes; null: whom the JVM does. */
    public @Nullable SSLContext https() {
        if (ca != null) {
            return TlsFiles.trusting(ca);
        }
        return tlsDir == null ? null : TlsFiles.trusting(new TlsFiles(tlsDir).caFile());
    }

    /** The token as it is now; null without one. */
    @Nullable String token() {
        if (tokenFile == null) {
            return null;
        }
        try {
            return BearerToken.read(tokenFile);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "--token-file " + tokenFile + ": no token can be read (" + e.getMessage() + ")", e);
        }
    }
}
