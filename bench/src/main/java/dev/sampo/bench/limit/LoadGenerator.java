package dev.sampo.bench.limit;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * Posts one body over and over: {@code PORT PATH BODY-FILE CONNECTIONS SECONDS}. Each connection is kept and has one request
 * under way, so a slow answer slows the load down: the latencies are those of a closed loop. Prints JSON.
 *
 * <p>One thread, non-blocking sockets, a request made once and next to no parsing: the generator shares the cores with what it
 * measures, and says itself which share of one core it took.
 */
public final class LoadGenerator {
    private final byte[] request;
    private final long warm;
    private final long end;
    private final Selector selector;
    private long[] latencies = new long[1 << 16];
    private int count;

    private LoadGenerator(byte[] request, double seconds) throws IOException {
        this.request = request;
        long began = System.nanoTime();
        warm = began + (long) (seconds * 1e9 / 3);
        end = began + (long) (seconds * 1e9);
        selector = Selector.open();
    }

    /** One kept connection with one request under way. */
    private static final class Connection {
        final SocketChannel channel;
        final ByteBuffer out;
        final HttpMessages answers = new HttpMessages("HTTP/1.1 200");
        long sentAt;

        Connection(SocketChannel channel, byte[] request) {
            this.channel = channel;
            out = ByteBuffer.allocateDirect(request.length).put(request);
        }
    }

    public static void main(String[] args) throws IOException {
        if (args.length != 5) {
            throw new IllegalArgumentException("PORT PATH BODY-FILE CONNECTIONS SECONDS");
        }
        byte[] request = request(args[1], Files.readAllBytes(Path.of(args[2])));
        LoadGenerator load = new LoadGenerator(request, Double.parseDouble(args[4]));
        load.run(Integer.parseInt(args[0]), Integer.parseInt(args[3]));
        load.report();
    }

    private static byte[] request(String path, byte[] body) {
        String head =
                "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "
                        + body.length + "\r\n\r\n";
        byte[] bytes = Arrays.copyOf(head.getBytes(StandardCharsets.US_ASCII), head.length() + body.length);
        System.arraycopy(body, 0, bytes, head.length(), body.length);
        return bytes;
    }

    private void run(int port, int connections) throws IOException {
        for (int i = 0; i < connections; i++) {
            SocketChannel channel = SocketChannel.open(new InetSocketAddress("127.0.0.1", port));
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            Connection connection = new Connection(channel, request);
            SelectionKey key = channel.register(selector, SelectionKey.OP_READ, connection);
            send(connection, key);
        }
        ByteBuffer in = ByteBuffer.allocateDirect(1 << 18);
        while (System.nanoTime() < end) {
            selector.select(key -> ready(key, in), 100);
        }
        for (SelectionKey key : selector.keys()) {
            key.channel().close();
        }
    }

    private void ready(SelectionKey key, ByteBuffer in) {
        Connection connection = (Connection) key.attachment();
        try {
            if (key.isWritable()) {
                write(connection, key);
            }
            if (!key.isReadable()) {
                return;
            }
            in.clear();
            if (connection.channel.read(in) < 0) {
                throw new IOException("the connection was closed");
            }
            if (connection.answers.take(in.flip())) {
                long now = System.nanoTime();
                if (connection.sentAt >= warm) {
                    count(now - connection.sentAt);
                }
                send(connection, key);
            }
        } catch (IOException e) {
            throw new IllegalStateException("the load ended early: " + e.getMessage(), e);
        }
    }

    private void count(long latency) {
        if (count == latencies.length) {
            latencies = Arrays.copyOf(latencies, 2 * count);
        }
        latencies[count++] = latency;
    }

    private static void send(Connection connection, SelectionKey key) throws IOException {
        connection.sentAt = System.nanoTime();
        connection.out.clear();
        write(connection, key);
    }

    private static void write(Connection connection, SelectionKey key) throws IOException {
        connection.channel.write(connection.out);
        int interest =
                connection.out.hasRemaining() ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ;
        if (key.interestOps() != interest) {
            key.interestOps(interest);
        }
    }

    private void report() {
        if (count == 0) {
            throw new IllegalStateException("not one request was answered after the warm-up");
        }
        long[] all = Arrays.copyOf(latencies, count);
        Arrays.sort(all);
        long cpu = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        double seconds = (end - warm) / 1e9;
        System.out.printf(
                Locale.ROOT,
                "{\"requestsPerSecond\": %.1f, \"p50Ms\": %.3f, \"p99Ms\": %.3f, \"requests\": %d, \"generatorCores\": %.2f}%n",
                count / seconds,
                all[count / 2] / 1e6,
                all[(int) (count * 0.99)] / 1e6,
                count,
                cpu / 1e9 / (seconds * 1.5));
    }
}
