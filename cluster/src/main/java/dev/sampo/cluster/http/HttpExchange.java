package dev.sampo.cluster.http;

import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.handler.timeout.IdleStateEvent;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One connection: answers its requests one after the other, in the order in which they came. Only its event loop calls it. */
@SuppressWarnings("FutureReturnValueIgnored") // A channel hears of what fails.
final class HttpExchange extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final Logger LOG = LoggerFactory.getLogger(HttpExchange.class);
    /** Requests that may wait for the one being answered before no more is read. */
    private static final int PIPELINED_MAX = 16;

    private final Answers answers;
    private final Deque<FullHttpRequest> waiting = new ArrayDeque<>();
    /** Whether a request has no answer yet. */
    private boolean busy;
    /** Whether {@link #answerNext} is on the stack. */
    private boolean looping;

    HttpExchange(Answers answers) {
        this.answers = answers;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext connection, FullHttpRequest request) {
        waiting.add(request.retain());
        if (waiting.size() >= PIPELINED_MAX) {
            connection.channel().config().setAutoRead(false);
        }
        answerNext(connection);
    }

    private void answerNext(ChannelHandlerContext connection) {
        if (looping) {
            return;
        }
        looping = true;
        // Whoever does not read answers gets no more.
        while (!busy && !waiting.isEmpty() && connection.channel().isWritable()) {
            busy = true;
            FullHttpRequest request = waiting.remove();
            try {
                answer(connection, request);
            } finally {
                request.release();
            }
        }
        looping = false;
        if (waiting.isEmpty() && !connection.channel().config().isAutoRead()) {
            connection.channel().config().setAutoRead(true);
        }
    }

    private void answer(ChannelHandlerContext connection, FullHttpRequest request) {
        if (request.decoderResult().isFailure()) {
            connection
                    .writeAndFlush(answers.error(
                            status(request.decoderResult()),
                            "request: not HTTP/1.1: "
                                    + request.decoderResult().cause().getMessage()))
                    .addListener(ChannelFutureListener.CLOSE);
            return;
        }
        CompletionStage<FullHttpResponse> answer = answers.to(request);
        var unused = answer.thenAccept(response -> {
            if (connection.executor().inEventLoop()) {
                write(connection, response);
            } else {
                connection.executor().execute(() -> write(connection, response));
            }
        });
    }

    private void write(ChannelHandlerContext connection, FullHttpResponse response) {
        busy = false;
        connection.writeAndFlush(response, connection.voidPromise());
        answerNext(connection);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext connection) throws Exception {
        answerNext(connection);
        super.channelWritabilityChanged(connection);
    }

    private static int status(DecoderResult result) {
        if (result.cause() instanceof TooLongHttpLineException) {
            return 414;
        }
        return result.cause() instanceof TooLongHttpHeaderException ? 431 : 400;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext connection, Object event) throws Exception {
        if (event instanceof IdleStateEvent && !busy) {
            connection.close();
        } else {
            super.userEventTriggered(connection, event);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext connection) throws Exception {
        waiting.forEach(FullHttpRequest::release);
        waiting.clear();
        super.channelInactive(connection);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext connection, Throwable cause) {
        LOG.debug("{} is closed, reason={}", connection.channel().remoteAddress(), cause.toString());
        connection.close();
    }
}
