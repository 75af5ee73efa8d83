package dev.sampo.serving.prediction;

import dev.sampo.cluster.wire.CborSerializable;

/** The answer to {@link ServingManager.Describe}. */
public sealed interface DescribeReply extends CborSerializable permits Described, Refused {}
