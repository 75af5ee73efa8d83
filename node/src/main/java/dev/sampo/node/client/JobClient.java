package dev.sampo.node.client;

import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.cluster.api.ApiResponse;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;

/** A cluster seen from outside. Thread-safe. */
public interface JobClient extends AutoCloseable {
    /** The answer to a request; ends within 15 s, with an error that names the address if nobody answers. */
    ApiResponse call(ApiRequest request) throws UnreachableException;

    @Override
    void close();

    /** The door that the address names: {@code http://host:port}, or ClusterClient at {@code host:port}. */
    static JobClient to(String cluster) {
        return to(cluster, Credentials.NONE);
    }

    /** The same with TLS or a token. */
    static JobClient to(String cluster, Credentials credentials) {
        return to(cluster, credentials, Duration.ofSeconds(11));
    }

    /** Waits as long for an answer; a node itself needs up to 10 s to say that no coordinator answers it. */
    static JobClient to(String cluster, Credentials credentials, Duration answerWithin) {
        if (cluster.startsWith("http://") || cluster.startsWith("https://")) {
            return new HttpJobClient(httpAddress(cluster), credentials, answerWithin);
        }
        int colon = cluster.lastIndexOf(':');
        int port = cluster.matches("[^:/\\s]+:\\d{1,5}") ? Integer.parseInt(cluster.substring(colon + 1)) : -1;
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException(
                    "--cluster must be host:port or http://host:port, was \"" + cluster + "\"");
        }
        return new ClusterClientJobClient(cluster.substring(0, colon), port, credentials, answerWithin);
    }

    private static URI httpAddress(String cluster) {
        try {
            URI uri = new URI(cluster);
            if (uri.getHost() != null && uri.getPort() <= 65_535) {
                return uri;
            }
        } catch (URISyntaxException e) {
            // Told below, as a person says it.
        }
        throw new IllegalArgumentException("--cluster must be http://host:port, was \"" + cluster + "\"");
    }
}
