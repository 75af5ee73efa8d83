package dev.sampo.serving.prediction;

import dev.sampo.cluster.wire.CborSerializable;

/** The answer to {@link ServingManager.ListModels}. */
public sealed interface ListReply extends CborSerializable permits Listed, Refused {}
