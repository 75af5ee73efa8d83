package dev.sampo.serving.prediction;

import dev.sampo.cluster.wire.CborSerializable;

/** The answer to {@link ServingManager.Predict}. */
public sealed interface PredictReply extends CborSerializable permits Predicted, Refused {}
