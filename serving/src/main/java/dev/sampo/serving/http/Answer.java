package dev.sampo.serving.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.serving.json.Json;

/**
 * A JSON answer, with the data of binary tensors behind it.
 *
 * @param status as in HTTP
 * @param binary empty if there is none
 */
@SuppressWarnings("ArrayRecordComponent")
record Answer(int status, ObjectNode body, byte[] binary) {
    private static final byte[] NONE = {};

    static Answer of(int status, ObjectNode body) {
        return new Answer(status, body, NONE);
    }

    static Answer ok(ObjectNode body) {
        return of(200, body);
    }

    static Answer error(int status, String reason) {
        return of(status, Json.error(reason));
    }
}
