package dev.sampo.node.client;

import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.cluster.api.ApiResponse;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** The HTTP door, for wherever a port-forward or a load balancer stands between. */
final class HttpJobClient implements JobClient {
    private final String base;
    private final HttpClient http;
    private final Credentials credentials;
    private final Duration answerWithin;

    HttpJobClient(URI base, Credentials credentials, Duration answerWithin) {
        this.credentials = credentials;
        HttpClient.Builder builder = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5));
        SSLContext https = credentials.https();
        if (https != null) {
            builder.sslContext(https);
        }
        http = builder.build();
        this.base = base.toString().replaceFirst("/+$", "");
        this.answerWithin = answerWithin;
    }

    @Override
    public ApiResponse call(ApiRequest request) throws UnreachableException {
        try {
            HttpRequest.Builder post = HttpRequest.newBuilder(URI.create(base + "/v1/call/" + request.operation()))
                    .timeout(answerWithin)
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(request.body()));
            String token = credentials.token();
            if (token != null) {
                post.header("Authorization", "Bearer " + token);
            }
            HttpResponse<String> response = http.send(post.build(), HttpResponse.BodyHandlers.ofString());
            return new ApiResponse(response.statusCode(), response.body());
        } catch (IOException e) {
            throw new UnreachableException("no cluster answers at " + base + ": " + why(e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnreachableException("interrupted while waiting for " + base);
        }
    }

    private String why(IOException e) {
        for (@Nullable Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
                return "there is no host of that name";
            }
        }
        if (e instanceof HttpTimeoutException) {
            return "nothing came within " + answerWithin.toSeconds() + " s; is a node with --http-port up there?";
        }
        if (e instanceof ConnectException) {
            return "the connection is refused; is a node with --http-port up there?";
        }
        if (e instanceof SSLException) {
            for (@Nullable Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (cause instanceof CertificateException || cause instanceof CertPathBuilderException) {
                    return "its certificate is not believed (" + cause.getMessage()
                            + "); name the CA's file with --ca, and the host as the certificate does";
                }
            }
            return "it does not speak TLS; try http:// for https://";
        }
        return "what is there does not speak HTTP (" + e.getMessage()
                + "); name the node's --http-port, or its cluster port without http://";
    }

    @Override
    public void close() {}
}
