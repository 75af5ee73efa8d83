package dev.sampo.cluster.http;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Answers calls, each within a time of its own. Called by the thread that serves the connection unless the body is long, so it
 * must not block; what it answers at once is written by that thread. Thread-safe.
 */
@FunctionalInterface
public interface HttpHandler {
    CompletionStage<HttpReply> handle(HttpCall call);

    /** Asked first, while the body is not read: an answer here ends the connection without it. Null: go on. */
    default @Nullable HttpReply refuse(HttpCall head) {
        return null;
    }
}
