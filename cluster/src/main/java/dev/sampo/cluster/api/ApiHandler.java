package dev.sampo.cluster.api;

import java.util.concurrent.CompletionStage;

/** Answers requests; the stage always completes with a response, within the handler's own time limit. Thread-safe. */
@FunctionalInterface
public interface ApiHandler {
    CompletionStage<ApiResponse> handle(ApiRequest request);
}
