package dev.sampo.node.client;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.sampo.cluster.api.ApiRequest;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Addresses that no cluster answers at, by both doors: each call ends, and says what to look at. */
class UnreachableTest {
    private static final Duration SOON = Duration.ofSeconds(1);

    private static void assertUnreachable(String address, String message) {
        try (JobClient client = JobClient.to(address, Credentials.NONE, SOON)) {
            assertThatThrownBy(() -> client.call(new ApiRequest("jobs", "{}")))
                    .isInstanceOf(UnreachableException.class)
                    .hasMessageStartingWith("no cluster answers at " + address + ": ")
                    .hasMessageContaining(message);
        }
    }

    private static ServerSocket listening() throws Exception {
        return new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    }

    @Test
    void aClosedPortRefuses() throws Exception {
        int closed;
        try (ServerSocket socket = listening()) {
            closed = socket.getLocalPort();
        }
        assertUnreachable("127.0.0.1:" + closed, "refused; is a node up there, at that --port?");
        assertUnreachable("http://127.0.0.1:" + closed, "refused; is a node with --http-port up there?");
    }

    /** The system accepts for a program that never does; it could as well be one that never answers. */
    @Test
    void whoSaysNothingIsNotWaitedForLong() throws Exception {
        try (ServerSocket silent = listening()) {
            String address = "127.0.0.1:" + silent.getLocalPort();
            assertUnreachable(address, "nothing came within 1 s; is a node up there");
            assertUnreachable("http://" + address, "nothing came within 1 s; is a node with --http-port up there?");
        }
    }

    /** With as much patience as a user's command has: it must not be needed. */
    @Test
    void aWebServerIsNoNode() throws Exception {
        HttpServer web = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        web.start();
        String address = "127.0.0.1:" + web.getAddress().getPort();
        try (JobClient client = JobClient.to(address)) {
            assertThatThrownBy(() -> client.call(new ApiRequest("jobs", "{}")))
                    .isInstanceOf(UnreachableException.class)
                    .hasMessageContaining("speaks HTTP; if it is a node's --http-port, name it http://" + address);
        } finally {
            web.stop(0);
        }
    }

    @Test
    void whoDoesNotSpeakHttpIsNamedSo() throws Exception {
        try (ServerSocket other = listening()) {
            Thread server = new Thread(() -> hangUp(other));
            server.start();
            assertUnreachable("http://127.0.0.1:" + other.getLocalPort(), "does not speak HTTP");
            other.close();
            server.join();
        }
    }

    private static void hangUp(ServerSocket server) {
        try {
            while (true) {
                server.accept().close();
            }
        } catch (java.io.IOException e) {
            // The test is over.
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "localhost:",
                "a b:1",
                "host:0",
                "host:65536",
                "host:99999999",
                "http://",
                "http://a b:1",
                "http:///v2",
                "https://h:99999"
            })
    void whatIsNoAddressIsRefused(String address) {
        assertThatThrownBy(() -> JobClient.to(address))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("http://host:port")
                .hasMessageContaining("\"" + address + "\"");
    }
}
