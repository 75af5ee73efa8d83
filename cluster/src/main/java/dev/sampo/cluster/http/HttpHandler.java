package dev.sampo.cluster.http;

import java.util.concurrent.CompletionStage;

/**
 * Answers calls, each within a time of its own. Called by the thread that serves the connection, so it must not block; what it
 * answers at once is written by that thread. Thread-safe.
 */
@FunctionalInterface
public interface HttpHandler {
    CompletionStage<HttpReply> handle(HttpCall call);
}
