package dev.sampo.bench.limit;

import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.japi.function.Function;
import org.apache.pekko.stream.Materializer;

/**
 * Answers every request with the same bytes: {@code pekko|sockets PORT BYTES}, the limits of what serves over HTTP.
 * {@code pekko} reads the body and answers by Pekko HTTP with the settings of a node, which adds the model to that;
 * {@code sockets} is one thread of non-blocking sockets that reads until a request's length and parses nothing else.
 */
public final class ConstantServer {
    private ConstantServer() {}

    public static void main(String[] args) throws Exception {
        if (args.length != 3) {
            throw new IllegalArgumentException("pekko|sockets PORT BYTES");
        }
        int port = Integer.parseInt(args[1]);
        byte[] body = "x".repeat(Integer.parseInt(args[2])).getBytes(StandardCharsets.US_ASCII);
        switch (args[0]) {
            case "pekko" -> pekko(port, body);
            case "sockets" -> sockets(port, body);
            default -> throw new IllegalArgumentException("pekko or sockets, was " + args[0]);
        }
    }

    private static void pekko(int port, byte[] body) throws Exception {
        ActorSystem system = ActorSystem.create("constant", ConfigFactory.load());
        Materializer materializer = Materializer.matFromSystem(system);
        Http.get(system)
                .newServerAt("127.0.0.1", port)
                .bind((Function<HttpRequest, CompletionStage<HttpResponse>>)
                        request -> answer(request, body, materializer))
                .toCompletableFuture()
                .get();
        System.out.println("listening");
    }

    private static CompletionStage<HttpResponse> answer(HttpRequest request, byte[] body, Materializer materializer) {
        return request.entity()
                .toStrict(30_000, materializer)
                .thenApply(strict ->
                        HttpResponse.create().withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, body)));
    }

    private static void sockets(int port, byte[] body) throws IOException {
        String head = "HTTP/1.1 200 OK\r\nServer: sockets\r\nContent-Type: application/json\r\nContent-Length: "
                + body.length + "\r\n\r\n";
        ByteBuffer answer = ByteBuffer.allocateDirect(head.length() + body.length)
                .put(head.getBytes(StandardCharsets.US_ASCII))
                .put(body);
        ByteBuffer in = ByteBuffer.allocateDirect(1 << 18);
        Selector selector = Selector.open();
        ServerSocketChannel server = ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", port));
        server.configureBlocking(false);
        server.register(selector, SelectionKey.OP_ACCEPT);
        System.out.println("listening");
        while (true) {
            selector.select(key -> {
                try {
                    serve(key, selector, in, answer);
                } catch (IOException e) {
                    key.cancel();
                }
            });
        }
    }

    private static void serve(SelectionKey key, Selector selector, ByteBuffer in, ByteBuffer answer)
            throws IOException {
        if (key.isAcceptable()) {
            SocketChannel channel = ((ServerSocketChannel) key.channel()).accept();
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ, new HttpMessages("POST "));
            return;
        }
        SocketChannel channel = (SocketChannel) key.channel();
        if (channel.read(in.clear()) < 0) {
            channel.close();
            return;
        }
        if (((HttpMessages) key.attachment()).take(in.flip())) {
            channel.write(answer.clear());
        }
    }
}
