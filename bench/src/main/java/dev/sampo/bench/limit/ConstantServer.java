package dev.sampo.bench.limit;

import dev.sampo.cluster.http.HttpReply;
import dev.sampo.cluster.http.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Answers every request with the same bytes: {@code server|sockets PORT BYTES}, the limits of what serves over HTTP.
 * {@code server} is the HTTP server of a node, which adds the model to that;
 * {@code sockets} is one thread of non-blocking sockets that reads until a request's length and parses nothing else.
 */
public final class ConstantServer {
    private ConstantServer() {}

    public static void main(String[] args) throws Exception {
        if (args.length != 3) {
            throw new IllegalArgumentException("server|sockets PORT BYTES");
        }
        int port = Integer.parseInt(args[1]);
        byte[] body = "x".repeat(Integer.parseInt(args[2])).getBytes(StandardCharsets.US_ASCII);
        switch (args[0]) {
            case "server" -> server(port, body);
            case "sockets" -> sockets(port, body);
            default -> throw new IllegalArgumentException("server or sockets, was " + args[0]);
        }
    }

    private static void server(int port, byte[] body) throws InterruptedException {
        CompletionStage<HttpReply> answer = CompletableFuture.completedFuture(HttpReply.json(200, body));
        HttpServer.bind(
                "127.0.0.1",
                port,
                call -> answer,
                new HttpServer.Limits(1 << 20, "", Duration.ofSeconds(30)),
                Runnable::run,
                null);
        System.out.println("listening");
        Thread.currentThread().join();
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
