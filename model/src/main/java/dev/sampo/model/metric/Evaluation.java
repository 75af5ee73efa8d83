package dev.sampo.model.metric;

import dev.sampo.model.data.Batch;
import dev.sampo.model.data.Target;
import dev.sampo.model.network.Loss;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Evaluation metrics of a model, gathered batch by batch and merged exactly: counts are integers, and sums are merged in the
 * caller's order. Memory grows with the number of distinct scores of a binary target, for an exact AUC. Not thread-safe.
 */
public final class Evaluation {
    private final Target target;
    private final Loss loss;
    private final int classes;
    private long rows;
    private double lossSum;
    /** [actual, predicted]. */
    private final long[] confusion;
    /** Binary: score's order-preserving bits to [negatives, positives]. */
    private final TreeMap<Integer, long[]> byScore = new TreeMap<>();

    private double absolute;
    private double squared;
    /** Of the labels: mean and sum of squared deviations, by Chan, Golub and LeVeque, 1979, for large offsets. */
    private double labelMean;

    private double labelDeviation;

    private Evaluation(Target target, Loss loss) {
        this.target = target;
        this.loss = loss;
        classes = target.classes().size();
        confusion = new long[classes * classes];
    }

    public static Evaluation of(Target target, Loss loss) {
        return new Evaluation(target, loss);
    }

    /** Adds labelled rows with their raw scores [rows, outputs]; sample weights do not count here. */
    public void add(Batch batch, float[] scores) {
        int outputs = target.outputs();
        for (int row = 0; row < batch.rows(); row++) {
            float label = batch.labels()[row];
            int at = row * outputs;
            lossSum += loss.value(scores, at, outputs, label);
            rows++;
            switch (target.kind()) {
                case NUMERIC -> addValue(scores[at], label);
                case BINARY -> {
                    confusion[(int) label * 2 + (scores[at] >= 0 ? 1 : 0)]++;
                    byScore.computeIfAbsent(ordered(scores[at]), key -> new long[2])[(int) label]++;
                }
                case CLASSES -> confusion[(int) label * classes + largest(scores, at, outputs)]++;
            }
        }
    }

    private void addValue(float value, float label) {
        double error = (double) value - label;
        absolute += Math.abs(error);
        squared += error * error;
        double delta = label - labelMean;
        labelMean += delta / rows;
        labelDeviation += delta * (label - labelMean);
    }

    private static int largest(float[] scores, int from, int length) {
        int best = 0;
        for (int j = 1; j < length; j++) {
            if (scores[from + j] > scores[from + best]) {
                best = j;
            }
        }
        return best;
    }

    /** Bits that order as the floats do; both zeros are one. */
    private static int ordered(float score) {
        int bits = Float.floatToIntBits(score + 0f);
        return bits ^ (bits >> 31 & 0x7fffffff);
    }

    /** Adds what {@code later} gathered. */
    public void merge(Evaluation later) {
        mergeLabels(later);
        rows += later.rows;
        lossSum += later.lossSum;
        for (int i = 0; i < confusion.length; i++) {
            confusion[i] += later.confusion[i];
        }
        later.byScore.forEach((score, counts) -> {
            long[] mine = byScore.computeIfAbsent(score, key -> new long[2]);
            mine[0] += counts[0];
            mine[1] += counts[1];
        });
        absolute += later.absolute;
        squared += later.squared;
    }

    private void mergeLabels(Evaluation later) {
        long total = rows + later.rows;
        if (rows == 0 || later.rows == 0) {
            labelMean = rows == 0 ? later.labelMean : labelMean;
            labelDeviation = rows == 0 ? later.labelDeviation : labelDeviation;
            return;
        }
        double delta = later.labelMean - labelMean;
        labelDeviation += later.labelDeviation + delta * delta * ((double) rows * later.rows / total);
        labelMean += delta * later.rows / total;
    }

    /** Everything gathered, for {@link #fromBytes}. */
    public byte[] toBytes() {
        ByteBuffer out = ByteBuffer.allocate(8 * 6 + 8 * confusion.length + 4 + 20 * byScore.size());
        out.putLong(rows).putDouble(lossSum);
        out.putDouble(absolute).putDouble(squared).putDouble(labelMean).putDouble(labelDeviation);
        for (long count : confusion) {
            out.putLong(count);
        }
        out.putInt(byScore.size());
        byScore.forEach((score, counts) -> out.putInt(score).putLong(counts[0]).putLong(counts[1]));
        return out.array();
    }

    public static Evaluation fromBytes(Target target, Loss loss, byte[] bytes) {
        Evaluation read = new Evaluation(target, loss);
        ByteBuffer in = ByteBuffer.wrap(bytes);
        read.rows = in.getLong();
        read.lossSum = in.getDouble();
        read.absolute = in.getDouble();
        read.squared = in.getDouble();
        read.labelMean = in.getDouble();
        read.labelDeviation = in.getDouble();
        for (int i = 0; i < read.confusion.length; i++) {
            read.confusion[i] = in.getLong();
        }
        int distinct = in.getInt();
        if (distinct < 0 || distinct != in.remaining() / 20) {
            throw new IllegalArgumentException(
                    "an evaluation claims " + distinct + " scores, " + in.remaining() + " bytes remain");
        }
        for (int left = distinct; left > 0; left--) {
            read.byScore.put(in.getInt(), new long[] {in.getLong(), in.getLong()});
        }
        return read;
    }

    /** The metrics by name, in the order a person wants to read them. */
    public Map<String, Object> result() {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("rows", rows);
        if (rows == 0) {
            return result;
        }
        result.put("loss", lossSum / rows);
        if (target.kind() == Target.Kind.NUMERIC) {
            result.put("rmse", Math.sqrt(squared / rows));
            result.put("mae", absolute / rows);
            if (labelDeviation > 0) {
                result.put("r2", 1 - squared / labelDeviation);
            }
            return result;
        }
        classification(result);
        return result;
    }

    private void classification(Map<String, Object> result) {
        long right = 0;
        double precisions = 0;
        double recalls = 0;
        double f1s = 0;
        List<Map<String, Object>> perClass = new ArrayList<>();
        List<List<Long>> matrix = new ArrayList<>();
        for (int c = 0; c < classes; c++) {
            long actual = 0;
            long predicted = 0;
            List<Long> line = new ArrayList<>();
            for (int other = 0; other < classes; other++) {
                actual += confusion[c * classes + other];
                predicted += confusion[other * classes + c];
                line.add(confusion[c * classes + other]);
            }
            matrix.add(line);
            long hits = confusion[c * classes + c];
            right += hits;
            double precision = predicted == 0 ? 0 : (double) hits / predicted;
            double recall = actual == 0 ? 0 : (double) hits / actual;
            double f1 = precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall);
            precisions += precision;
            recalls += recall;
            f1s += f1;
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("class", target.classes().get(c));
            one.put("precision", precision);
            one.put("recall", recall);
            one.put("f1", f1);
            one.put("support", actual);
            perClass.add(one);
        }
        result.put("accuracy", (double) right / rows);
        if (target.kind() == Target.Kind.BINARY) {
            result.put("logloss", lossSum / rows);
            double auc = auc();
            if (!Double.isNaN(auc)) {
                result.put("auc", auc);
            }
        }
        result.put("macroPrecision", precisions / classes);
        result.put("macroRecall", recalls / classes);
        result.put("macroF1", f1s / classes);
        result.put("perClass", perClass);
        result.put("confusion", matrix);
    }

    /** The share of (negative, positive) pairs in the right order, ties counting half; NaN without one of the classes. */
    private double auc() {
        double ordered = 0;
        long negatives = 0;
        long positives = 0;
        for (long[] counts : byScore.values()) {
            ordered += counts[1] * (negatives + 0.5 * counts[0]);
            negatives += counts[0];
            positives += counts[1];
        }
        return ordered / ((double) negatives * positives);
    }
}
