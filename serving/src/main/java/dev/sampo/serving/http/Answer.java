package dev.sampo.serving.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.serving.json.Json;

/**
 * A JSON answer.
 *
 * @param status as in HTTP
 */
record Answer(int status, ObjectNode body) {
    static Answer ok(ObjectNode body) {
        return new Answer(200, body);
    }

    static Answer error(int status, String reason) {
        return new Answer(status, Json.error(reason));
    }
}
