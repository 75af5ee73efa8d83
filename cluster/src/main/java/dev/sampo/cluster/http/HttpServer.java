package dev.sampo.cluster.http;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.apache.pekko.Done;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/1.1 server by Netty: a few threads, each of which reads, answers and writes for its connections. A connection of
 * Pekko HTTP is a stream and several actors instead, which hand each request over several times. Thread-safe.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A channel hears of what fails.
public final class HttpServer {
    private static final int CONNECTIONS_MAX = 4096;
    private static final long IDLE_SECONDS = 60;
    private static final long DRAINED_WITHIN_MS = 2_000;
    private static final long STOPPED_WITHIN_MS = 500;

    private final Channel listening;
    private final EventLoopGroup loops;
    private final ChannelGroup connections;

    /**
     * What a request may cost.
     *
     * @param bodyBytes longest body
     * @param ifLonger what to do about a longer one, for the error
     * @param bodyWithin time from a request's head to the end of its body
     */
    public record Limits(int bodyBytes, String ifLonger, Duration bodyWithin) {}

    /** What all connections share. */
    static final class Service {
        private final HttpHandler handler;
        private final Limits limits;
        private final Executor forLong;
        private volatile Dated dated = new Dated(0, "");

        /** The date of a second, as a header says it. */
        private record Dated(long second, String text) {}

        private Service(HttpHandler handler, Limits limits, Executor forLong) {
            this.handler = handler;
            this.limits = limits;
            this.forLong = forLong;
        }

        HttpHandler handler() {
            return handler;
        }

        Limits limits() {
            return limits;
        }

        Executor forLong() {
            return forLong;
        }

        FullHttpResponse response(HttpReply reply) {
            FullHttpResponse made = new DefaultFullHttpResponse(
                    HttpVersion.HTTP_1_1,
                    HttpResponseStatus.valueOf(reply.status()),
                    Unpooled.wrappedBuffer(reply.body()));
            made.headers()
                    .set(HttpHeaderNames.SERVER, "sampo")
                    .set(HttpHeaderNames.DATE, date())
                    .set(HttpHeaderNames.CONTENT_TYPE, reply.type())
                    .set(HttpHeaderNames.CONTENT_LENGTH, reply.body().length);
            reply.headers().forEach((name, value) -> made.headers().add(name, value));
            return made;
        }

        private String date() {
            long second = System.currentTimeMillis() / 1000;
            Dated known = dated;
            if (known.second() != second) {
                Instant now = Instant.ofEpochSecond(second);
                known = new Dated(second, DateTimeFormatter.RFC_1123_DATE_TIME.format(now.atOffset(ZoneOffset.UTC)));
                dated = known;
            }
            return known.text();
        }
    }

    private HttpServer(Channel listening, EventLoopGroup loops, ChannelGroup connections) {
        this.listening = listening;
        this.loops = loops;
        this.connections = connections;
    }

    /**
     * Listens; {@link IllegalStateException} says why it can't.
     *
     * @param port 0 for any
     * @param forLong handles the calls with long bodies
     * @param tls gives each connection its engine; null for plain HTTP
     */
    public static HttpServer bind(
            String host,
            int port,
            HttpHandler handler,
            Limits limits,
            Executor forLong,
            @Nullable Supplier<SSLEngine> tls) {
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(
                Runtime.getRuntime().availableProcessors(),
                new DefaultThreadFactory("sampo-http", true),
                NioIoHandler.newFactory());
        ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
        Service service = new Service(handler, limits, forLong);
        var bound = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 1024)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel connection) {
                        if (connections.size() >= CONNECTIONS_MAX) {
                            connection.close();
                            return;
                        }
                        connections.add(connection);
                        ChannelPipeline pipeline = connection.pipeline();
                        if (tls != null) {
                            pipeline.addLast(new SslHandler(tls.get()));
                        }
                        pipeline.addLast(
                                new IdleStateHandler(true, 0, 0, IDLE_SECONDS, TimeUnit.SECONDS),
                                new HttpServerCodec(),
                                new HttpExchange(service));
                    }
                })
                .bind(host, port)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            loops.shutdownGracefully(0, 0, TimeUnit.MILLISECONDS);
            throw new IllegalStateException(String.valueOf(bound.cause().getMessage()), bound.cause());
        }
        return new HttpServer(bound.channel(), loops, connections);
    }

    public int port() {
        return ((InetSocketAddress) listening.localAddress()).getPort();
    }

    /** Accepts nobody any more; who is connected is served on. */
    public CompletionStage<Done> unbind() {
        return done(listening.close());
    }

    /** Ends each connection once what it was asked is answered; done when all are, or two seconds are over. */
    public CompletionStage<Done> drain() {
        for (Channel connection : connections) {
            connection.pipeline().fireUserEventTriggered(HttpExchange.Drain.INSTANCE);
        }
        return done(connections.newCloseFuture())
                .toCompletableFuture()
                .completeOnTimeout(Done.getInstance(), DRAINED_WITHIN_MS, TimeUnit.MILLISECONDS);
    }

    /** Closes all connections, and ends the threads. */
    public CompletionStage<Done> stop() {
        connections.close();
        return done(loops.shutdownGracefully(0, STOPPED_WITHIN_MS, TimeUnit.MILLISECONDS));
    }

    private static CompletionStage<Done> done(Future<?> future) {
        CompletableFuture<Done> done = new CompletableFuture<>();
        future.addListener(whatever -> done.complete(Done.getInstance()));
        return done;
    }
}
