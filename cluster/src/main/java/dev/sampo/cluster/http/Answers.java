package dev.sampo.cluster.http;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a handler answers, from and to Netty's forms. Thread-safe. */
final class Answers {
    private static final Logger LOG = LoggerFactory.getLogger(Answers.class);

    private final HttpHandler handler;
    private volatile Dated dated = new Dated(0, "");

    /** The date of a second, as a header says it. */
    private record Dated(long second, String text) {}

    Answers(HttpHandler handler) {
        this.handler = handler;
    }

    /** Always completes; whatever goes wrong is a response. The request is read before this returns. */
    CompletionStage<FullHttpResponse> to(FullHttpRequest request) {
        HttpCall call;
        try {
            call = new HttpCall(
                    request.method().name(),
                    HttpCall.path(request.uri()),
                    request.headers()::get,
                    ByteBufUtil.getBytes(request.content()));
        } catch (IllegalArgumentException e) {
            return CompletableFuture.completedFuture(error(400, "request: " + e.getMessage()));
        }
        CompletionStage<HttpReply> reply;
        try {
            reply = handler.handle(call);
        } catch (RuntimeException e) {
            reply = CompletableFuture.failedFuture(e);
        }
        return reply.thenApply(this::response).exceptionally(failure -> {
            LOG.error("{} {} failed", request.method(), request.uri(), failure);
            return error(500, "there was an internal error, see this node's log");
        });
    }

    FullHttpResponse error(int status, String reason) {
        return response(HttpReply.error(status, reason));
    }

    private FullHttpResponse response(HttpReply reply) {
        FullHttpResponse made = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(reply.status()), Unpooled.wrappedBuffer(reply.body()));
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
            known = new Dated(
                    second,
                    DateTimeFormatter.RFC_1123_DATE_TIME.format(
                            Instant.ofEpochSecond(second).atOffset(ZoneOffset.UTC)));
            dated = known;
        }
        return known.text();
    }
}
