package dev.sampo.bench.limit;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Posts one body over and over: {@code PORT PATH BODY-FILE CONNECTIONS SECONDS}. Each connection is kept and has one request
 * under way, so a slow answer slows the load down: the latencies are those of a closed loop. Prints JSON.
 *
 * <p>Plain sockets, since the generator shares the cores with what it measures.
 */
public final class LoadGenerator {
    private static final String LENGTH = "content-length:";

    private LoadGenerator() {}

    public static void main(String[] args) throws Exception {
        if (args.length != 5) {
            throw new IllegalArgumentException("PORT PATH BODY-FILE CONNECTIONS SECONDS");
        }
        int port = Integer.parseInt(args[0]);
        byte[] request = request(args[1], Files.readAllBytes(Path.of(args[2])));
        int connections = Integer.parseInt(args[3]);
        double seconds = Double.parseDouble(args[4]);
        ExecutorService pool = Executors.newFixedThreadPool(connections);
        List<Future<long[]>> running = new ArrayList<>();
        long began = System.nanoTime();
        long warm = began + (long) (seconds * 1e9 / 3);
        long end = began + (long) (seconds * 1e9);
        for (int i = 0; i < connections; i++) {
            running.add(pool.submit(() -> post(port, request, warm, end)));
        }
        report(running, (end - warm) / 1e9);
        pool.shutdown();
    }

    private static byte[] request(String path, byte[] body) throws IOException {
        String head =
                "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "
                        + body.length + "\r\n\r\n";
        byte[] bytes = Arrays.copyOf(head.getBytes(StandardCharsets.US_ASCII), head.length() + body.length);
        System.arraycopy(body, 0, bytes, head.length(), body.length);
        return bytes;
    }

    /** Nanoseconds of each request that began after the warm-up. */
    private static long[] post(int port, byte[] request, long warm, long end) throws IOException {
        long[] latencies = new long[1 << 16];
        int count = 0;
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
            for (long now = System.nanoTime(); now < end; now = System.nanoTime()) {
                socket.getOutputStream().write(request);
                answer(in);
                if (now >= warm) {
                    if (count == latencies.length) {
                        latencies = Arrays.copyOf(latencies, 2 * count);
                    }
                    latencies[count++] = System.nanoTime() - now;
                }
            }
        }
        return Arrays.copyOf(latencies, count);
    }

    /** Reads one answer; anything but 200 ends the run. */
    private static void answer(InputStream in) throws IOException {
        String status = line(in);
        if (!status.startsWith("HTTP/1.1 200")) {
            throw new IOException("answered by \"" + status + "\"");
        }
        int length = -1;
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            if (line.regionMatches(true, 0, LENGTH, 0, LENGTH.length())) {
                length = Integer.parseInt(line.substring(LENGTH.length()).strip());
            }
        }
        if (length < 0) {
            throw new IOException("an answer without Content-Length");
        }
        in.skipNBytes(length);
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new IOException("the connection was closed");
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    private static void report(List<Future<long[]>> running, double seconds)
            throws InterruptedException, ExecutionException {
        long[] all = new long[0];
        for (Future<long[]> each : running) {
            long[] mine = each.get();
            int at = all.length;
            all = Arrays.copyOf(all, at + mine.length);
            System.arraycopy(mine, 0, all, at, mine.length);
        }
        if (all.length == 0) {
            throw new IllegalStateException("not one request was answered after the warm-up");
        }
        Arrays.sort(all);
        System.out.printf(
                Locale.ROOT,
                "{\"requestsPerSecond\": %.1f, \"p50Ms\": %.3f, \"p99Ms\": %.3f, \"requests\": %d}%n",
                all.length / seconds,
                all[all.length / 2] / 1e6,
                all[(int) (all.length * 0.99)] / 1e6,
                all.length);
    }
}
