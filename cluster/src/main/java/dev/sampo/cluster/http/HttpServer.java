package dev.sampo.cluster.http;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerKeepAliveHandler;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
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
    private static final long STOP_WITHIN_MS = 2_000;

    private final Channel listening;
    private final EventLoopGroup loops;

    /**
     * What a request may cost.
     *
     * @param bodyBytes longest body
     * @param ifLonger what to do about a longer one, for the error
     * @param bodyWithin time from a request's head to the end of its body
     */
    public record Limits(int bodyBytes, String ifLonger, Duration bodyWithin) {}

    private HttpServer(Channel listening, EventLoopGroup loops) {
        this.listening = listening;
        this.loops = loops;
    }

    /**
     * Listens; {@link IllegalStateException} says why it can't.
     *
     * @param port 0 for any
     * @param tls gives each connection its engine; null for plain HTTP
     */
    public static HttpServer bind(
            String host, int port, HttpHandler handler, Limits limits, @Nullable Supplier<SSLEngine> tls) {
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(
                Runtime.getRuntime().availableProcessors(),
                new DefaultThreadFactory("sampo-http", true),
                NioIoHandler.newFactory());
        var answers = new Answers(handler);
        AtomicInteger connections = new AtomicInteger();
        var bound = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 1024)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel connection) {
                        if (connections.incrementAndGet() > CONNECTIONS_MAX) {
                            connection.close();
                        }
                        connection.closeFuture().addListener(closed -> connections.decrementAndGet());
                        ChannelPipeline pipeline = connection.pipeline();
                        if (tls != null) {
                            pipeline.addLast(new SslHandler(tls.get()));
                        }
                        pipeline.addLast(
                                new IdleStateHandler(0, 0, IDLE_SECONDS, TimeUnit.SECONDS),
                                new HttpServerCodec(),
                                new HttpServerKeepAliveHandler(),
                                new BodyPatience(limits.bodyWithin()),
                                new BodyReader(limits, answers),
                                new HttpExchange(answers));
                    }
                })
                .bind(host, port)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            loops.shutdownGracefully(0, 0, TimeUnit.MILLISECONDS);
            throw new IllegalStateException(String.valueOf(bound.cause().getMessage()), bound.cause());
        }
        return new HttpServer(bound.channel(), loops);
    }

    public int port() {
        return ((InetSocketAddress) listening.localAddress()).getPort();
    }

    /** Accepts nobody any more; who is connected is served on. */
    public CompletionStage<Done> unbind() {
        return done(listening.close());
    }

    /** Closes all connections once what they were asked is answered, or two seconds are over. */
    public CompletionStage<Done> stop() {
        return done(loops.shutdownGracefully(50, STOP_WITHIN_MS, TimeUnit.MILLISECONDS));
    }

    private static CompletionStage<Done> done(Future<?> future) {
        CompletableFuture<Done> done = new CompletableFuture<>();
        future.addListener(whatever -> done.complete(Done.getInstance()));
        return done;
    }
}
