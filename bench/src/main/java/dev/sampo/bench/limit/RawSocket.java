package dev.sampo.bench.limit;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Locale;
import java.util.concurrent.Semaphore;

/**
 * The limit of {@link PushPull}: the same exchange over one blocking socket, bytes and nothing else. {@code serve} prints its
 * port and answers each frame with one of its size; {@code run PORT BYTES WINDOW SECONDS} prints JSON.
 */
public final class RawSocket {
    private RawSocket() {}

    public static void main(String[] args) throws Exception {
        if (args.length == 2 && args[0].equals("serve")) {
            serve(Integer.parseInt(args[1]));
        } else if (args.length == 5 && args[0].equals("run")) {
            run(
                    Integer.parseInt(args[1]),
                    Integer.parseInt(args[2]),
                    Integer.parseInt(args[3]),
                    Double.parseDouble(args[4]));
        } else {
            throw new IllegalArgumentException("serve BYTES | run PORT BYTES WINDOW SECONDS");
        }
    }

    private static void serve(int bytes) throws IOException {
        try (ServerSocketChannel server = ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", 0))) {
            System.out.println(server.socket().getLocalPort());
            try (SocketChannel socket = server.accept()) {
                socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
                ByteBuffer frame = ByteBuffer.allocateDirect(bytes);
                while (receive(socket, frame)) {
                    send(socket, frame);
                }
            }
        }
    }

    private static boolean receive(SocketChannel socket, ByteBuffer frame) throws IOException {
        frame.clear();
        while (frame.hasRemaining()) {
            if (socket.read(frame) < 0) {
                return false;
            }
        }
        frame.flip();
        return true;
    }

    private static void send(SocketChannel socket, ByteBuffer frame) throws IOException {
        while (frame.hasRemaining()) {
            socket.write(frame);
        }
    }

    private static void run(int port, int bytes, int window, double seconds) throws Exception {
        try (SocketChannel socket = SocketChannel.open(new InetSocketAddress("127.0.0.1", port))) {
            socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
            Semaphore credit = new Semaphore(window);
            Thread sender = new Thread(() -> push(socket, bytes, credit), "push");
            sender.setDaemon(true);
            sender.start();
            ByteBuffer frame = ByteBuffer.allocateDirect(bytes);
            long began = System.nanoTime();
            long warm = began;
            long answers = 0;
            while (System.nanoTime() - began < seconds * 1e9) {
                if (!receive(socket, frame)) {
                    throw new IOException("the other side closed the connection");
                }
                credit.release();
                if (System.nanoTime() - began < seconds * 1e9 / 3) {
                    warm = System.nanoTime();
                } else {
                    answers++;
                }
            }
            double perSecond = answers / ((System.nanoTime() - warm) / 1e9);
            System.out.printf(
                    Locale.ROOT,
                    "{\"exchangesPerSecond\": %.2f, \"bytesPerSecond\": %.0f}%n",
                    perSecond,
                    perSecond * bytes);
        }
    }

    private static void push(SocketChannel socket, int bytes, Semaphore credit) {
        ByteBuffer frame = ByteBuffer.allocateDirect(bytes);
        try {
            while (true) {
                credit.acquire();
                frame.clear();
                send(socket, frame);
            }
        } catch (IOException | InterruptedException e) {
            // The main thread has what it wanted and closed the socket.
            Thread.currentThread().interrupt();
        }
    }
}
