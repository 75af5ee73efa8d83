package dev.sampo.cluster.formation;

import com.typesafe.config.Config;
import dev.sampo.cluster.tls.TlsFiles;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The little of the Kubernetes API that a pod asks itself, with its service account. Token and CA are read at each call,
 * since both are rotated. Thread-safe.
 */
public final class KubernetesApi {
    private static final Duration WITHIN = Duration.ofSeconds(3);

    private final Path serviceAccount;
    private final String namespace;
    private final Map<String, String> environment;

    private KubernetesApi(Path serviceAccount, String namespace, Map<String, String> environment) {
        this.serviceAccount = serviceAccount;
        this.namespace = namespace;
        this.environment = environment;
    }

    /** The API of the pod this process runs in. */
    public static KubernetesApi of(Config root) {
        Config settings = root.getConfig("sampo.formation.kubernetes");
        return new KubernetesApi(
                Path.of(settings.getString("service-account")), settings.getString("namespace"), System.getenv());
    }

    /** Where the service account is mounted. */
    public Path serviceAccount() {
        return serviceAccount;
    }

    /** {@code host:port}; null outside of a pod. */
    public @Nullable String address() {
        String host = environment.get("KUBERNETES_SERVICE_HOST");
        String port = environment.get("KUBERNETES_SERVICE_PORT");
        return host == null || port == null ? null : (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }

    /** The namespace of the pods. */
    public String namespace() throws IOException {
        return namespace.isEmpty() ? read("namespace") : namespace;
    }

    private String read(String file) throws IOException {
        return Files.readString(serviceAccount.resolve(file)).strip();
    }

    /**
     * Asks once; ends within seconds.
     *
     * @param path with its query, such as {@code /version}
     * @param type of the body, such as {@code application/json}
     */
    public HttpResponse<String> call(String method, String path, String type, String body)
            throws IOException, InterruptedException {
        String address = address();
        if (address == null) {
            throw new IOException("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set");
        }
        HttpRequest request = HttpRequest.newBuilder(URI.create("https://" + address + path))
                .timeout(WITHIN)
                .header("Authorization", "Bearer " + read("token"))
                .header("Content-Type", type)
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
        return HttpClient.newBuilder()
                .connectTimeout(WITHIN)
                .sslContext(TlsFiles.trusting(serviceAccount.resolve("ca.crt")))
                .build()
                .send(request, HttpResponse.BodyHandlers.ofString());
    }

    /** Sets an annotation of a pod; {@link IOException} says why it can't be. */
    public void annotate(String pod, String name, String value) throws IOException, InterruptedException {
        String body = "{\"metadata\":{\"annotations\":{\"" + name + "\":\"" + value + "\"}}}";
        HttpResponse<String> response = call(
                "PATCH", "/api/v1/namespaces/" + namespace() + "/pods/" + pod, "application/merge-patch+json", body);
        if (response.statusCode() != 200) {
            throw new IOException(
                    "status " + response.statusCode() + ": " + response.body().strip());
        }
    }
}
