package dev.sampo.serving.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a path asks for. Pure.
 *
 * @param model empty where the operation has none
 * @param version as written, or null for the newest
 */
record InferenceCall(
        Operation operation, String model, @Nullable String version) {
    /** The operations, those of the Open Inference Protocol first. */
    enum Operation {
        SERVER_METADATA(false),
        SERVER_LIVE(false),
        SERVER_READY(false),
        MODEL_METADATA(false),
        MODEL_READY(false),
        INFER(true),
        /** {@code GET /v1/models}. */
        LIST(false),
        /** {@code GET /v1/models/{m}}. */
        STATUS(false),
        /** {@code POST /v1/models/{m}:predict}. */
        PREDICT(true),
        /** Below our paths, but nothing. */
        UNKNOWN(false);

        private final boolean post;

        Operation(boolean post) {
            this.post = post;
        }

        String method() {
            return post ? "POST" : "GET";
        }
    }

    private static final String PREDICT_SUFFIX = ":predict";

    /** The call behind a path's decoded segments; empty if the path isn't one of ours. */
    static Optional<InferenceCall> of(List<String> path) {
        List<String> segments = new ArrayList<>(path);
        while (!segments.isEmpty() && segments.get(segments.size() - 1).isEmpty()) {
            segments.remove(segments.size() - 1);
        }
        if (!segments.isEmpty() && segments.get(0).equals("v2")) {
            return Optional.of(protocol(segments.subList(1, segments.size())));
        }
        if (segments.size() >= 2
                && segments.get(0).equals("v1")
                && segments.get(1).equals("models")) {
            return Optional.of(plain(segments.subList(2, segments.size())));
        }
        return Optional.empty();
    }

    private static InferenceCall protocol(List<String> path) {
        if (path.isEmpty()) {
            return server(Operation.SERVER_METADATA);
        }
        if (path.get(0).equals("health") && path.size() == 2) {
            return switch (path.get(1)) {
                case "live" -> server(Operation.SERVER_LIVE);
                case "ready" -> server(Operation.SERVER_READY);
                default -> server(Operation.UNKNOWN);
            };
        }
        if (!path.get(0).equals("models") || path.size() < 2) {
            return server(Operation.UNKNOWN);
        }
        boolean versioned = path.size() >= 4 && path.get(2).equals("versions");
        String version = versioned ? path.get(3) : null;
        List<String> rest = path.subList(versioned ? 4 : 2, path.size());
        if (rest.isEmpty()) {
            return new InferenceCall(Operation.MODEL_METADATA, path.get(1), version);
        }
        return switch (rest.size() == 1 ? rest.get(0) : "") {
            case "ready" -> new InferenceCall(Operation.MODEL_READY, path.get(1), version);
            case "infer" -> new InferenceCall(Operation.INFER, path.get(1), version);
            default -> server(Operation.UNKNOWN);
        };
    }

    private static InferenceCall plain(List<String> path) {
        if (path.isEmpty()) {
            return server(Operation.LIST);
        }
        if (path.size() > 1) {
            return server(Operation.UNKNOWN);
        }
        String name = path.get(0);
        return name.endsWith(PREDICT_SUFFIX)
                ? new InferenceCall(Operation.PREDICT, name.substring(0, name.length() - PREDICT_SUFFIX.length()), null)
                : new InferenceCall(Operation.STATUS, name, null);
    }

    private static InferenceCall server(Operation operation) {
        return new InferenceCall(operation, "", null);
    }
}
