package dev.sampo.node.client;

import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.cluster.api.ApiResponse;

/** A cluster seen from outside. Thread-safe. */
public interface JobClient extends AutoCloseable {
    /** The answer to a request; ends within 15 s, with an error that names the address if nobody answers. */
    ApiResponse call(ApiRequest request) throws UnreachableException;

    @Override
    void close();

    /** The door that the address names: {@code http://host:port}, or ClusterClient at {@code host:port}. */
    static JobClient to(String cluster) {
        if (cluster.startsWith("http://") || cluster.startsWith("https://")) {
            return new HttpJobClient(cluster);
        }
        if (!cluster.matches("[^:/\\s]+:\\d{1,5}")) {
            throw new IllegalArgumentException(
                    "--cluster must be host:port or http://host:port, was \"" + cluster + "\"");
        }
        int colon = cluster.lastIndexOf(':');
        return new ClusterClientJobClient(cluster.substring(0, colon), Integer.parseInt(cluster.substring(colon + 1)));
    }
}
