package dev.sampo.model.network;

import dev.sampo.model.data.Target;
import dev.sampo.model.kernel.Elementary;
import org.jspecify.annotations.Nullable;

/** A loss on the scores of one row, with its gradient. Immutable. */
public final class Loss {
    /** The kind of loss. */
    public enum Kind {
        /** (score - y)^2 / 2. */
        SQUARED,
        /** Huber, "Robust Estimation of a Location Parameter", 1964. */
        HUBER,
        /** -log sigmoid(score) if y = 1, -log(1 - sigmoid(score)) if y = 0. */
        LOGISTIC,
        /** -log softmax(scores)[y]. */
        CROSS_ENTROPY
    }

    /**
     * A derivative smaller than this is zero: beside a sum of floats it is nothing, but as a subnormal float it would make every
     * product it goes through ten times slower on many processors.
     */
    private static final double NEGLIGIBLE = 0x1p-100;

    private final Kind kind;
    private final double delta;

    private Loss(Kind kind, double delta) {
        this.kind = kind;
        this.delta = delta;
    }

    /** The loss of a spec, or the usual one for the target if it is null. */
    public static Loss of(@Nullable LossSpec spec, Target.Kind target) {
        if (spec == null) {
            return new Loss(
                    switch (target) {
                        case NUMERIC -> Kind.SQUARED;
                        case BINARY -> Kind.LOGISTIC;
                        case CLASSES -> Kind.CROSS_ENTROPY;
                    },
                    1);
        }
        Kind kind = switch (spec.type()) {
            case "squared" -> Kind.SQUARED;
            case "huber" -> Kind.HUBER;
            case "logistic" -> Kind.LOGISTIC;
            case "crossEntropy" -> Kind.CROSS_ENTROPY;
            default -> throw new IllegalArgumentException("unknown loss \"" + spec.type() + "\"");
        };
        return new Loss(kind, spec.delta() == null ? 1 : spec.delta());
    }

    public Kind kind() {
        return kind;
    }

    /** The loss of scores[offset, offset + outputs) against the label. */
    public double value(float[] scores, int offset, int outputs, float label) {
        return switch (kind) {
            case SQUARED -> {
                double error = scores[offset] - label;
                yield 0.5 * error * error;
            }
            case HUBER -> {
                double error = Math.abs(scores[offset] - label);
                yield error <= delta ? 0.5 * error * error : delta * (error - 0.5 * delta);
            }
            case LOGISTIC -> Elementary.softplus(label > 0.5f ? -scores[offset] : scores[offset]);
            case CROSS_ENTROPY -> {
                double largest = largest(scores, offset, outputs);
                yield logOfSum(scores, offset, outputs, largest) - (scores[offset + (int) label] - largest);
            }
        };
    }

    /**
     * Writes what {@link #replaceByGradient} needs of rows: an exponential for each of their scores, or nothing. It is a loop of its
     * own over doubles, four times as fast as one that also converts them: to the processor cvtss2sd depends on what its register
     * held before, so one exponential would wait for the other.
     *
     * @param scores [rows, outputs] from {@code offset} on
     * @param exponentials [rows, outputs]
     */
    void exponentials(float[] scores, int offset, int rows, int outputs, double[] exponentials) {
        int length = rows * outputs;
        switch (kind) {
            case SQUARED, HUBER -> {
                return;
            }
            case LOGISTIC -> {
                for (int i = 0; i < length; i++) {
                    exponentials[i] = -Math.abs(scores[offset + i]);
                }
            }
            case CROSS_ENTROPY -> {
                for (int at = 0; at < length; at += outputs) {
                    double largest = largest(scores, offset + at, outputs);
                    for (int i = at; i < at + outputs; i++) {
                        exponentials[i] = scores[offset + i] - largest;
                    }
                }
            }
        }
        for (int i = 0; i < length; i++) {
            exponentials[i] = Elementary.exp(exponentials[i]);
        }
    }

    /**
     * Writes weight * dLoss/dscores over the scores of a row, and gives the unweighted loss.
     *
     * @param exponentials the row's from {@code at} on
     */
    double replaceByGradient(
            float[] scores, int offset, int outputs, float label, float weight, double[] exponentials, int at) {
        return switch (kind) {
            case SQUARED, HUBER -> ofError(scores, offset, label, weight);
            case LOGISTIC -> ofScore(scores, offset, label, weight, exponentials[at]);
            case CROSS_ENTROPY -> ofScores(scores, offset, outputs, (int) label, weight, exponentials, at);
        };
    }

    private double ofError(float[] scores, int offset, float label, float weight) {
        double loss = value(scores, offset, 1, label);
        float error = scores[offset] - label;
        scores[offset] =
                kind == Kind.SQUARED ? weight * error : (float) (weight * Math.max(-delta, Math.min(delta, error)));
        return loss;
    }

    /** @param e e^-|score| */
    private static double ofScore(float[] scores, int offset, float label, float weight, double e) {
        double score = scores[offset];
        double sigmoid = (score >= 0 ? 1 : e) / (1 + e);
        scores[offset] = (float) (weight * derivative(sigmoid - label));
        return Math.max(label > 0.5f ? -score : score, 0) + StrictMath.log1p(e);
    }

    private static double ofScores(
            float[] scores, int offset, int outputs, int label, float weight, double[] exponentials, int at) {
        double ofLabel = scores[offset + label] - largest(scores, offset, outputs);
        double sum = 0;
        for (int j = 0; j < outputs; j++) {
            double e = exponentials[at + j];
            sum += e;
            scores[offset + j] = (float) derivative(e);
        }
        double scale = weight / sum;
        float expected = scores[offset + label];
        for (int j = offset; j < offset + outputs; j++) {
            scores[j] = (float) (scores[j] * scale);
        }
        scores[offset + label] = (float) (expected * scale - weight);
        return StrictMath.log(sum) - ofLabel;
    }

    private static double derivative(double exact) {
        return Math.abs(exact) < NEGLIGIBLE ? 0 : exact;
    }

    /** Scores to predictions in place: a probability, a distribution, or the value itself. */
    void predict(float[] scores, int offset, int outputs) {
        switch (kind) {
            case SQUARED, HUBER -> {}
            case LOGISTIC -> scores[offset] = (float) Elementary.sigmoid(scores[offset]);
            case CROSS_ENTROPY -> softmax(scores, offset, outputs, logSumExp(scores, offset, outputs));
        }
    }

    /** @param total of {@link #logSumExp} */
    private static void softmax(float[] scores, int offset, int outputs, double total) {
        for (int j = offset; j < offset + outputs; j++) {
            scores[j] = (float) Elementary.exp(scores[j] - total);
        }
    }

    private static double logSumExp(float[] scores, int offset, int outputs) {
        double largest = largest(scores, offset, outputs);
        return largest + logOfSum(scores, offset, outputs, largest);
    }

    /** log(sum of e^(score - largest)). */
    private static double logOfSum(float[] scores, int offset, int outputs, double largest) {
        double sum = 0;
        for (int j = offset; j < offset + outputs; j++) {
            sum += Elementary.exp(scores[j] - largest);
        }
        return StrictMath.log(sum);
    }

    private static double largest(float[] scores, int offset, int outputs) {
        double largest = scores[offset];
        for (int j = offset + 1; j < offset + outputs; j++) {
            largest = Math.max(largest, scores[j]);
        }
        return largest;
    }
}
