package dev.sampo.cluster.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection: reads a request, answers it, and looks at the next only when the answer is written; what a client sends ahead
 * waits, most of it in its own socket. {@code HEAD -> BODY -> ANSWERING -> WRITING -> HEAD}; to {@code LINGERING} from anywhere
 * by a refusal after which the connection ends. Only its event loop calls it.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A channel hears of what fails.
final class HttpExchange extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(HttpExchange.class);
    /** Whoever is still sending reads a refusal only if the connection lives until then. */
    private static final long LINGER_MS = 1_000;
    /** A longer body takes milliseconds to parse, in which this thread's other connections would wait. */
    private static final int HANDLED_HERE_BYTES = 64 * 1024;

    private static final byte[] NO_BODY = {};

    private enum Phase {
        HEAD,
        BODY,
        ANSWERING,
        WRITING,
        LINGERING
    }

    /** No further request on any connection. */
    enum Drain {
        INSTANCE
    }

    private final HttpServer.Service service;
    private Phase phase = Phase.HEAD;
    private boolean draining;
    private @Nullable HttpRequest head;
    /** What the head says. */
    private @Nullable HttpCall called;

    private @Nullable ByteBuf body;
    private @Nullable Future<?> tooSlow;
    /** What came ahead: no more than was read from the socket at once. */
    private final Deque<HttpObject> ahead = new ArrayDeque<>();
    /** Whether {@link #takeAhead} is on the stack. */
    private boolean taking;

    HttpExchange(HttpServer.Service service) {
        this.service = service;
    }

    @Override
    public void channelRead(ChannelHandlerContext connection, Object message) {
        ahead.add((HttpObject) message);
        takeAhead(connection);
    }

    private void takeAhead(ChannelHandlerContext connection) {
        if (taking) {
            return;
        }
        taking = true;
        try {
            while (!isAnswering() && !ahead.isEmpty()) {
                take(connection, ahead.remove());
            }
        } finally {
            taking = false;
        }
        if (connection.channel().config().isAutoRead() != ahead.isEmpty()) {
            connection.channel().config().setAutoRead(ahead.isEmpty());
        }
    }

    private boolean isAnswering() {
        return phase == Phase.ANSWERING || phase == Phase.WRITING;
    }

    private void take(ChannelHandlerContext connection, HttpObject message) {
        try {
            if (phase == Phase.LINGERING) {
                return;
            }
            DecoderResult decoded = message.decoderResult();
            if (decoded.isFailure()) {
                refuse(
                        connection,
                        status(decoded),
                        "request: not HTTP/1.1: " + decoded.cause().getMessage());
                return;
            }
            if (message instanceof HttpRequest request) {
                onHead(connection, request);
            }
            if (message instanceof HttpContent content && phase == Phase.BODY) {
                onBody(connection, content);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private static int status(DecoderResult result) {
        if (result.cause() instanceof TooLongHttpLineException) {
            return 414;
        }
        return result.cause() instanceof TooLongHttpHeaderException ? 431 : 400;
    }

    private void onHead(ChannelHandlerContext connection, HttpRequest request) {
        HttpCall call;
        HttpReply refusal;
        try {
            call = new HttpCall(request.method().name(), HttpCall.path(request.uri()), request.headers()::get, NO_BODY);
            refusal = service.handler().refuse(call);
        } catch (IllegalArgumentException e) {
            refuse(connection, 400, "request: " + e.getMessage());
            return;
        }
        if (refusal != null) {
            refuse(connection, refusal);
            return;
        }
        if (HttpUtil.getContentLength(request, 0L) > service.limits().bodyBytes()) {
            refuseTooLong(connection);
            return;
        }
        if (HttpUtil.is100ContinueExpected(request)) {
            connection.writeAndFlush(new DefaultFullHttpResponse(
                    HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER));
        } else if (request.headers().contains(HttpHeaderNames.EXPECT)) {
            refuse(connection, 417, "Expect: only 100-continue is met");
            return;
        }
        phase = Phase.BODY;
        head = request;
        called = call;
        long within = service.limits().bodyWithin().toMillis();
        tooSlow = connection
                .executor()
                .schedule(
                        () -> refuse(connection, 408, "body: not complete within " + within + " ms"),
                        within,
                        TimeUnit.MILLISECONDS);
    }

    private void onBody(ChannelHandlerContext connection, HttpContent content) {
        ByteBuf so = body;
        if (so == null) {
            so = connection.alloc().heapBuffer(content.content().readableBytes());
            body = so;
        }
        if (so.readableBytes() + content.content().readableBytes()
                > service.limits().bodyBytes()) {
            refuseTooLong(connection);
            return;
        }
        so.writeBytes(content.content());
        if (content instanceof LastHttpContent) {
            byte[] whole = ByteBufUtil.getBytes(so);
            HttpRequest request = Objects.requireNonNull(head);
            HttpCall call = Objects.requireNonNull(called).withBody(whole);
            forget();
            phase = Phase.ANSWERING;
            answer(connection, request, call);
        }
    }

    /** What was read of a request is no longer needed. */
    private void forget() {
        if (tooSlow != null) {
            tooSlow.cancel(false);
            tooSlow = null;
        }
        if (body != null) {
            body.release();
            body = null;
        }
        head = null;
        called = null;
    }

    private void answer(ChannelHandlerContext connection, HttpRequest request, HttpCall call) {
        CompletionStage<HttpReply> reply = call.body().length <= HANDLED_HERE_BYTES
                ? handle(call)
                : CompletableFuture.supplyAsync(() -> handle(call), service.forLong())
                        .thenCompose(stage -> stage);
        var unused = reply.handle((made, failure) -> {
            HttpReply shown = failure == null ? made : failed(call, failure);
            if (connection.executor().inEventLoop()) {
                write(connection, request, shown);
            } else {
                connection.executor().execute(() -> write(connection, request, shown));
            }
            return shown;
        });
    }

    private CompletionStage<HttpReply> handle(HttpCall call) {
        try {
            return service.handler().handle(call);
        } catch (RuntimeException | Error e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private static HttpReply failed(HttpCall call, Throwable failure) {
        LOG.error("{} /{} failed", call.method(), String.join("/", call.path()), failure);
        return HttpReply.error(500, "there was an internal error, see this node's log");
    }

    private void write(ChannelHandlerContext connection, HttpRequest request, HttpReply reply) {
        if (phase != Phase.ANSWERING) {
            return;
        }
        phase = Phase.WRITING;
        boolean goesOn = HttpUtil.isKeepAlive(request) && !draining;
        FullHttpResponse response = service.response(reply);
        HttpUtil.setKeepAlive(response.headers(), request.protocolVersion(), goesOn);
        connection.writeAndFlush(response).addListener(written -> {
            if (!written.isSuccess() || !goesOn || draining) {
                connection.close();
            } else {
                phase = Phase.HEAD;
                takeAhead(connection);
            }
        });
    }

    private void refuseTooLong(ChannelHandlerContext connection) {
        refuse(
                connection,
                413,
                "body: larger than " + service.limits().bodyBytes() + " bytes; "
                        + service.limits().ifLonger());
    }

    private void refuse(ChannelHandlerContext connection, int status, String reason) {
        refuse(connection, HttpReply.error(status, reason));
    }

    /** Answers, reads on for a moment without looking, and closes. */
    private void refuse(ChannelHandlerContext connection, HttpReply reply) {
        forget();
        phase = Phase.LINGERING;
        FullHttpResponse response = service.response(reply);
        response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        connection.writeAndFlush(response);
        connection.executor().schedule(() -> connection.close(), LINGER_MS, TimeUnit.MILLISECONDS);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext connection, Object event) throws Exception {
        if (event == Drain.INSTANCE) {
            draining = true;
            if (phase == Phase.HEAD) {
                connection.close();
            }
        } else if (event instanceof IdleStateEvent idle) {
            // A long answer on a slow line: only the events after the first say that nothing moves.
            boolean moves = phase == Phase.ANSWERING || phase == Phase.WRITING && idle.isFirst();
            if (!moves) {
                connection.close();
            }
        } else {
            super.userEventTriggered(connection, event);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext connection) throws Exception {
        forget();
        phase = Phase.LINGERING;
        ahead.forEach(ReferenceCountUtil::release);
        ahead.clear();
        super.channelInactive(connection);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext connection, Throwable cause) {
        if (cause instanceof java.io.IOException || cause instanceof io.netty.handler.codec.DecoderException) {
            LOG.debug("{} is closed, reason={}", connection.channel().remoteAddress(), cause.toString());
        } else {
            LOG.error("{} is closed by a fault of Sampo", connection.channel().remoteAddress(), cause);
        }
        connection.close();
    }
}
