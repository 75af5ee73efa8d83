package dev.sampo.cluster.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The server on loopback, byte for byte. */
class HttpServerTest {
    private static final HttpServer.Limits LIMITS = new HttpServer.Limits(1000, "send less", Duration.ofMillis(400));

    private final CompletableFuture<HttpReply> later = new CompletableFuture<>();
    private final HttpHandler handler = new HttpHandler() {
        @Override
        public CompletionStage<HttpReply> handle(HttpCall call) {
            return answer(call);
        }

        @Override
        public @Nullable HttpReply refuse(HttpCall head) {
            return head.path().equals(List.of("secret")) ? HttpReply.error(401, "no token") : null;
        }
    };
    private final HttpServer server = HttpServer.bind("127.0.0.1", 0, handler, LIMITS, ForkJoinPool.commonPool(), null);

    private CompletionStage<HttpReply> answer(HttpCall call) {
        return switch (String.join("/", call.path())) {
            case "echo" ->
                CompletableFuture.completedFuture(HttpReply.json(200, "[" + new String(call.body(), UTF_8) + "]"));
            case "a b+c" ->
                CompletableFuture.completedFuture(
                        HttpReply.json(200, call.header("x-name").orElse("none")));
            case "hello" -> CompletableFuture.completedFuture(HttpReply.json(200, "hello"));
            case "later" -> later;
            case "long" ->
                CompletableFuture.completedFuture(
                        HttpReply.json(200, Thread.currentThread().getName() + " " + call.body().length));
            case "broken" -> throw new IllegalStateException("broken");
            default -> CompletableFuture.completedFuture(HttpReply.error(404, "nothing here"));
        };
    }

    @AfterEach
    void stop() throws Exception {
        server.stop().toCompletableFuture().get(5, TimeUnit.SECONDS);
    }

    /** A connection that has sent something. */
    private Socket sent(String... requests) throws IOException {
        Socket socket = new Socket("127.0.0.1", server.port());
        socket.setSoTimeout(5_000);
        for (String request : requests) {
            socket.getOutputStream().write(request.getBytes(ISO_8859_1));
        }
        return socket;
    }

    private static String get(String path) {
        return "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n";
    }

    private static String post(String path, String body) {
        return "POST " + path + " HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: "
                + body.length() + "\r\n\r\n" + body;
    }

    /** All bytes until {@code end} came, or the other side closed. */
    private static String read(Socket socket, String end) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        InputStream in = socket.getInputStream();
        while (!bytes.toString(ISO_8859_1).endsWith(end)) {
            int next = in.read();
            if (next < 0) {
                break;
            }
            bytes.write(next);
        }
        return bytes.toString(ISO_8859_1);
    }

    private static String readAll(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    }

    @Test
    void manyRequestsAreAnsweredOnOneConnection() throws Exception {
        try (Socket socket = sent(get("/hello"))) {
            assertThat(read(socket, "hello"))
                    .startsWith("HTTP/1.1 200 OK\r\n")
                    .containsIgnoringCase("\r\ncontent-type: application/json\r\n")
                    .containsIgnoringCase("\r\ncontent-length: 5\r\n")
                    .containsIgnoringCase("\r\nserver: sampo\r\n")
                    .containsPattern("(?i)\r\ndate: \\w{3}, \\d+ \\w{3} \\d{4} \\d\\d:\\d\\d:\\d\\d GMT\r\n");
            socket.getOutputStream().write(post("/echo", "abc").getBytes(ISO_8859_1));
            assertThat(read(socket, "[abc]")).startsWith("HTTP/1.1 200 OK\r\n");
            socket.getOutputStream().write(get("/nowhere").getBytes(ISO_8859_1));
            assertThat(read(socket, "}\n"))
                    .startsWith("HTTP/1.1 404 Not Found\r\n")
                    .endsWith("{\"error\":\"nothing here\"}\n");
            String odd = "GET http://h:1/a%20b%2Bc/?q=1 HTTP/1.1\r\nHost: h\r\nX-Name: me\r\n\r\n";
            socket.getOutputStream().write(odd.getBytes(ISO_8859_1));
            assertThat(read(socket, "me")).startsWith("HTTP/1.1 200 OK\r\n");
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws Exception {
        String[] requests = new String[41];
        requests[0] = get("/later");
        for (int i = 1; i <= 40; i++) {
            requests[i] = post("/echo", "" + i);
        }
        try (Socket socket = sent(requests)) {
            socket.setSoTimeout(200);
            assertThatThrownBy(() -> socket.getInputStream().read()).hasMessageContaining("timed out");
            socket.setSoTimeout(5_000);
            later.complete(HttpReply.json(200, "first"));
            String all = read(socket, "[40]");
            assertThat(all).containsSubsequence("first", "[1]", "[2]", "[16]", "[17]", "[18]", "[39]", "[40]");
        }
    }

    @Test
    void aHeadHasALengthButNoBody() throws Exception {
        try (Socket socket = sent("HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\n", get("/hello"))) {
            assertThat(read(socket, "hello"))
                    .containsIgnoringCase("\r\ncontent-length: 5\r\n")
                    .containsOnlyOnce("hello");
        }
    }

    @Test
    void theConnectionIsClosedWhenTheClientSaysSo() throws Exception {
        try (Socket socket = sent("GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")) {
            assertThat(readAll(socket))
                    .containsIgnoringCase("\r\nconnection: close\r\n")
                    .endsWith("hello");
        }
        try (Socket socket = sent("GET /hello HTTP/1.0\r\n\r\n")) {
            assertThat(readAll(socket)).endsWith("hello");
        }
    }

    @Test
    void aBodyThatIsTooLongIsRefusedWhileItIsSent() throws Exception {
        String head = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n";
        try (Socket socket = sent(head, "x".repeat(2000))) {
            assertThat(read(socket, "}\n"))
                    .startsWith("HTTP/1.1 413 ")
                    .containsIgnoringCase("\r\nconnection: close\r\n")
                    .endsWith("{\"error\":\"body: larger than 1000 bytes; send less\"}\n");
            socket.getOutputStream().write("x".repeat(3000).getBytes(ISO_8859_1));
            assertThat(readAll(socket)).isEmpty();
        }
        String chunk = "3e8\r\n" + "x".repeat(1000) + "\r\n";
        try (Socket socket =
                sent("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", chunk, chunk)) {
            assertThat(read(socket, "}\n")).startsWith("HTTP/1.1 413 ");
        }
    }

    @Test
    void aBodyThatDoesNotComeIsRefused() throws Exception {
        try (Socket socket = sent("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\nhalf")) {
            assertThat(readAll(socket))
                    .startsWith("HTTP/1.1 408 ")
                    .endsWith("{\"error\":\"body: not complete within 400 ms\"}\n");
        }
    }

    @Test
    void whatIsNoRequestIsRefused() throws Exception {
        try (Socket socket = sent("what is this\r\n\r\n")) {
            assertThat(readAll(socket)).startsWith("HTTP/1.1 400 ").contains("{\"error\":\"request: ");
        }
        try (Socket socket = sent("GET /hello HTTP/1.1\r\nHost: h\r\nX: " + "x".repeat(10_000) + "\r\n\r\n")) {
            assertThat(readAll(socket)).startsWith("HTTP/1.1 431 ");
        }
        try (Socket socket = sent("GET /" + "x".repeat(10_000) + " HTTP/1.1\r\nHost: h\r\n\r\n")) {
            assertThat(readAll(socket)).startsWith("HTTP/1.1 414 ");
        }
        try (Socket socket = sent("GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n")) {
            assertThat(read(socket, "}\n")).startsWith("HTTP/1.1 400 ").contains("{\"error\":\"request: ");
        }
    }

    @Test
    void aFaultOfARouteIsAnAnswer() throws Exception {
        try (Socket socket = sent(get("/broken"), get("/hello"))) {
            assertThat(read(socket, "hello")).startsWith("HTTP/1.1 500 ");
        }
    }

    @Test
    void unboundItServesWhoIsConnectedAndAcceptsNobody() throws Exception {
        try (Socket socket = sent(get("/later"))) {
            Thread.sleep(100);
            server.unbind().toCompletableFuture().get(5, TimeUnit.SECONDS);
            assertThatThrownBy(this::connectUntilRefused).isInstanceOf(ConnectException.class);
            later.complete(HttpReply.json(200, "late"));
            assertThat(read(socket, "late")).startsWith("HTTP/1.1 200 OK\r\n");
        }
    }

    @Test
    void whoReadsNothingIsReadFromNoMore() throws Exception {
        byte[] request = post("/echo", "x".repeat(900)).getBytes(ISO_8859_1);
        try (Socket socket = sent(get("/later"))) {
            // A socket's buffers take some megabytes, the server's memory must not take the rest.
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                try {
                    for (int i = 0; i < 64 * 1024; i++) {
                        socket.getOutputStream().write(request);
                    }
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            assertThatThrownBy(() -> sending.get(2, TimeUnit.SECONDS))
                    .isInstanceOf(java.util.concurrent.TimeoutException.class);
            socket.close();
            assertThatThrownBy(() -> sending.get(5, TimeUnit.SECONDS)).hasMessageContaining("losed");
        }
    }

    @Test
    void aRefusalAtTheHeadReadsNoBody() throws Exception {
        try (Socket socket = sent("POST /secret HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\n")) {
            assertThat(read(socket, "}\n"))
                    .startsWith("HTTP/1.1 401 ")
                    .containsIgnoringCase("\r\nconnection: close\r\n");
            socket.getOutputStream().write(post("/echo", "no").getBytes(ISO_8859_1));
            assertThat(readAll(socket)).isEmpty();
        }
    }

    @Test
    void anExpectationIsMetOrRefused() throws Exception {
        String head = "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: ";
        try (Socket socket = sent(head + "3\r\n\r\n")) {
            assertThat(read(socket, "\r\n\r\n")).startsWith("HTTP/1.1 100 Continue");
            socket.getOutputStream().write("abc".getBytes(ISO_8859_1));
            assertThat(read(socket, "[abc]")).startsWith("HTTP/1.1 200 OK\r\n");
        }
        try (Socket socket = sent(head + "5000\r\n\r\n", get("/hello"))) {
            assertThat(readAll(socket)).startsWith("HTTP/1.1 413 ").doesNotContain("hello");
        }
        try (Socket socket = sent("POST /echo HTTP/1.1\r\nHost: h\r\nExpect: tea\r\nContent-Length: 3\r\n\r\nabc")) {
            assertThat(readAll(socket)).startsWith("HTTP/1.1 417 ");
        }
    }

    @Test
    void aRefusalWaitsForTheAnswersBefore() throws Exception {
        try (Socket socket = sent(get("/later"), "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n")) {
            Thread.sleep(100);
            later.complete(HttpReply.json(200, "first"));
            assertThat(readAll(socket)).containsSubsequence("HTTP/1.1 200 ", "first", "HTTP/1.1 413 ");
        }
    }

    @Test
    void drainingAnswersWhatWasAskedAndCloses() throws Exception {
        try (Socket idle = sent(get("/hello"));
                Socket busy = sent(get("/later"))) {
            read(idle, "hello");
            Thread.sleep(100);
            CompletableFuture<?> drained = server.drain().toCompletableFuture();
            assertThat(readAll(idle)).isEmpty();
            assertThat(drained).isNotDone();
            later.complete(HttpReply.json(200, "late"));
            assertThat(readAll(busy))
                    .containsIgnoringCase("\r\nconnection: close\r\n")
                    .endsWith("late");
            drained.get(1, TimeUnit.SECONDS);
        }
    }

    @Test
    void anOldClientThatStaysIsToldThatItMay() throws Exception {
        try (Socket socket = sent("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")) {
            assertThat(read(socket, "hello")).containsIgnoringCase("\r\nconnection: keep-alive\r\n");
        }
    }

    @Test
    void longBodiesAreHandledElsewhere() throws Exception {
        HttpServer wide = HttpServer.bind(
                "127.0.0.1",
                0,
                handler,
                new HttpServer.Limits(1 << 20, "", Duration.ofSeconds(5)),
                task -> new Thread(task, "elsewhere").start(),
                null);
        for (int length : new int[] {10, 200_000}) {
            try (Socket socket = new Socket("127.0.0.1", wide.port())) {
                socket.getOutputStream().write(post("/long", "x".repeat(length)).getBytes(ISO_8859_1));
                assertThat(read(socket, " " + length)).contains(length == 10 ? "sampo-http" : "elsewhere");
            }
        }
        wide.stop().toCompletableFuture().get(5, TimeUnit.SECONDS);
    }

    /** A selector gives a closed socket back to the system when it looks at it next. */
    private void connectUntilRefused() throws Exception {
        for (int i = 0; i < 100; i++) {
            sent(get("/hello")).close();
            Thread.sleep(20);
        }
    }

    @Test
    void aPortInUseIsNamed() {
        assertThatThrownBy(() ->
                        HttpServer.bind("127.0.0.1", server.port(), handler, LIMITS, ForkJoinPool.commonPool(), null))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Address already in use");
    }
}
