package dev.sampo.cluster.api;

import dev.sampo.cluster.wire.CborSerializable;

/**
 * The answer to an {@link ApiRequest}.
 *
 * @param status as in HTTP: 200, 400 bad request, 404 unknown job or model, 409 wrong state, 503 nobody there to do it
 * @param body a JSON object; unless 200 it has {@code error} and perhaps {@code problems}
 */
public record ApiResponse(int status, String body) implements CborSerializable {}
