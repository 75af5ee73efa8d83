package dev.sampo.cluster.wire;

/** Marks a control message: Pekko sends it between nodes as Jackson CBOR. */
public interface CborSerializable {}
