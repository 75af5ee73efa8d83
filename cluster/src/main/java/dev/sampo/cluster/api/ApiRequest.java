package dev.sampo.cluster.api;

import dev.sampo.cluster.wire.CborSerializable;

/**
 * A user's request, the same through every door.
 *
 * @param operation {@code submit, jobs, status, cancel, pause, resume, nodes, models, predict}
 * @param body a JSON object, the operation's arguments
 */
public record ApiRequest(String operation, String body) implements CborSerializable {}
