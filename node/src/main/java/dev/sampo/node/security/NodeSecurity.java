package dev.sampo.node.security;

import dev.sampo.cluster.tls.TlsFiles;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What guards a node's ports.
 *
 * @param tlsDir of the nodes among themselves; null: plain
 * @param httpTlsDir of the HTTP API; null: plain
 * @param tokenFile with the bearer token of the HTTP API; null: none is asked for
 * @param insecure the network is trusted, so that all that may be missing
 */
public record NodeSecurity(
        @Nullable Path tlsDir,
        @Nullable Path httpTlsDir,
        @Nullable Path tokenFile,
        boolean insecure) {
    /** Enough on one's own machine. */
    public static final NodeSecurity NONE = new NodeSecurity(null, null, null, false);

    /**
     * {@link IllegalArgumentException} if the node would be open to a network, or its files are of no use.
     *
     * @param httpHost where the HTTP API is served; null if it is not
     */
    public void check(String host, @Nullable String httpHost, Instant now) {
        if (tlsDir != null) {
            new TlsFiles(tlsDir).check(now);
        }
        if (httpTlsDir != null) {
            new TlsFiles(httpTlsDir).check(now);
        }
        if (insecure) {
            return;
        }
        if (tlsDir == null && !isLoopback(host)) {
            throw new IllegalArgumentException("the node would trust whoever reaches " + host
                    + ", for its address is not a loopback one: give --tls-dir a folder with tls.crt, tls.key and ca.crt,"
                    + " or say --insecure (SAMPO_INSECURE=true) where the network itself is fenced");
        }
        if (httpHost != null && tokenFile == null && !isLoopback(httpHost)) {
            throw new IllegalArgumentException("the HTTP API at " + httpHost
                    + " would obey whoever reaches it, for its address is not a loopback one: give --token-file a file with"
                    + " a bearer token, or say --insecure (SAMPO_INSECURE=true) where the network itself is fenced");
        }
    }

    /** Whether the token would be seen by whoever sees the network. */
    public boolean tokenInPlainText(String host) {
        return tokenFile != null && httpTlsDir == null && !isLoopback(host);
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("--host " + host + ": there is no host of that name", e);
        }
    }
}
