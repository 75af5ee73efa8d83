package dev.sampo.model.feature;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Target;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Computes the label and the weight of raw rows. Immutable, thread-safe.
 *
 * @param positions class numbers by label
 * @param classWeights [classes] the weight of each class's rows; null if all are 1
 */
@SuppressWarnings("ArrayRecordComponent")
record TargetWriter(
        LabelColumn label,
        Target target,
        Map<String, Integer> positions,
        @Nullable SampleWeight weight,
        double @Nullable [] classWeights) {
    static TargetWriter of(LabelSpec spec, Target target, @Nullable String weight, ColumnIndex columns)
            throws BadRecordException {
        return new TargetWriter(
                new LabelColumn(spec, columns.of(spec.columnOrDefault())),
                target,
                LabelColumn.positions(target),
                weight == null ? null : new SampleWeight(weight, columns.of(weight)),
                classWeights(spec, target));
    }

    private static double @Nullable [] classWeights(LabelSpec spec, Target target) {
        if (spec.classWeights() == null) {
            return null;
        }
        double[] weights = new double[target.classes().size()];
        java.util.Arrays.fill(weights, 1);
        spec.classWeights().forEach((name, weight) -> {
            int index = target.classes().indexOf(LabelColumn.canonical(name, spec));
            if (index >= 0) {
                weights[index] *= weight;
            }
        });
        return weights;
    }

    boolean weighted() {
        return weight != null || classWeights != null;
    }

    float label(Row row) throws BadRecordException {
        if (target.kind() == Target.Kind.NUMERIC) {
            return (float) label.number(row);
        }
        String cell = label.cell(row);
        Integer position = positions.get(cell);
        if (position == null) {
            position = positions.get(LabelColumn.canonical(cell, label.spec()));
        }
        if (position == null) {
            throw new BadRecordException("column " + label.name() + ": unknown label \"" + Numbers.shorten(cell)
                    + "\"; the training labels are " + shown());
        }
        return position;
    }

    private String shown() {
        int size = target.classes().size();
        return target.classes().subList(0, Math.min(100, size)) + (size > 100 ? " and more" : "");
    }

    /** @param labelValue the row's label */
    float weight(Row row, float labelValue) throws BadRecordException {
        double value = weight == null ? 1 : weight.read(row);
        if (classWeights != null) {
            value *= classWeights[(int) labelValue];
        }
        return Numbers.toFloat(weight == null ? label.name() : weight.name(), value);
    }
}
