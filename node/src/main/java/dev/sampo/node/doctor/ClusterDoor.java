package dev.sampo.node.doctor;

import dev.sampo.node.client.Credentials;

/**
 * How to ask a cluster.
 *
 * @param address as of {@code --cluster}; empty for none
 */
public record ClusterDoor(String address, Credentials credentials) {}
