package dev.sampo.serving.prediction;

import java.util.List;

/**
 * The predictions for the rows of one request, in their order.
 *
 * @param outputs numbers per row
 * @param values [rows, outputs] row-major: a probability per class, for a binary target that of the positive class
 *     alone, or the value of a numeric one
 * @param labels [rows] the predicted class; empty if numeric
 */
@SuppressWarnings("ArrayRecordComponent")
public record Predicted(String model, int version, int outputs, float[] values, List<String> labels)
        implements PredictReply {
    public Predicted {
        labels = List.copyOf(labels);
    }

    public int rows() {
        return values.length / outputs;
    }
}
