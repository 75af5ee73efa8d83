package dev.sampo.cluster.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * A whole answer.
 *
 * @param type of the body
 * @param headers beside those of type, length and date
 */
@SuppressWarnings("ArrayRecordComponent")
public record HttpReply(int status, String type, byte[] body, Map<String, String> headers) {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static HttpReply json(int status, byte[] body) {
        return new HttpReply(status, "application/json", body, Map.of());
    }

    public static HttpReply json(int status, String body) {
        return json(status, body.getBytes(StandardCharsets.UTF_8));
    }

    /** As every error of the API: {@code {"error": reason}}. */
    public static HttpReply error(int status, String reason) {
        return json(status, JSON.createObjectNode().put("error", reason) + "\n");
    }

    /** The method is not one of those allowed. */
    public static HttpReply wrongMethod(String allowed, String was) {
        HttpReply error = error(405, "method: expected " + allowed + ", was " + was);
        return new HttpReply(405, error.type(), error.body(), Map.of("Allow", allowed));
    }
}
