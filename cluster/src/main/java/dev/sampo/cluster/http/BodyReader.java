package dev.sampo.cluster.http;

import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerKeepAliveHandler;
import java.util.concurrent.TimeUnit;

/** Puts a request together; one that is too long, or too long on its way, is refused and its connection closed. */
@SuppressWarnings("FutureReturnValueIgnored") // A channel hears of what fails.
final class BodyReader extends HttpObjectAggregator {
    /** Whoever is still sending reads the refusal only if the connection lives until then. */
    private static final long LINGER_MS = 1_000;

    private final HttpServer.Limits limits;
    private final Answers answers;
    private boolean refused;

    BodyReader(HttpServer.Limits limits, Answers answers) {
        super(limits.bodyBytes());
        this.limits = limits;
        this.answers = answers;
    }

    @Override
    protected void handleOversizedMessage(ChannelHandlerContext connection, HttpMessage oversized) {
        if (refused) {
            return;
        }
        refused = true;
        FullHttpResponse refusal =
                answers.error(413, "body: larger than " + limits.bodyBytes() + " bytes; " + limits.ifLonger());
        refusal.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        // Past the handler that would close at once.
        connection.pipeline().context(HttpServerKeepAliveHandler.class).writeAndFlush(refusal);
        connection.executor().schedule(() -> connection.close(), LINGER_MS, TimeUnit.MILLISECONDS);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext connection, Object event) throws Exception {
        if (event instanceof BodyPatience.TooSlow slow) {
            if (!refused) {
                refused = true;
                connection
                        .writeAndFlush(answers.error(
                                408,
                                "body: not complete within " + slow.within().toMillis() + " ms"))
                        .addListener(ChannelFutureListener.CLOSE);
            }
        } else {
            super.userEventTriggered(connection, event);
        }
    }
}
