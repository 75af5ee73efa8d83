package dev.sampo.cluster.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Tells the connection when the body of a request is not complete in time. */
final class BodyPatience extends ChannelInboundHandlerAdapter {
    private final Duration within;
    private @Nullable Future<?> late;

    /** The event. */
    record TooSlow(Duration within) {}

    BodyPatience(Duration within) {
        this.within = within;
    }

    @Override
    public void channelRead(ChannelHandlerContext connection, Object message) throws Exception {
        if (message instanceof LastHttpContent) {
            cancel();
        } else if (message instanceof HttpRequest) {
            late = connection
                    .executor()
                    .schedule(
                            () -> connection.fireUserEventTriggered(new TooSlow(within)),
                            within.toMillis(),
                            TimeUnit.MILLISECONDS);
        }
        super.channelRead(connection, message);
    }

    @Override
    public void channelInactive(ChannelHandlerContext connection) throws Exception {
        cancel();
        super.channelInactive(connection);
    }

    private void cancel() {
        if (late != null) {
            late.cancel(false);
            late = null;
        }
    }
}
