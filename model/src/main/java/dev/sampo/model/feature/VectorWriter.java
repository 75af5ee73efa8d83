package dev.sampo.model.feature;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;
import java.util.List;

/** Writes the vector, element by element shifted and scaled. Immutable. */
final class VectorWriter implements FeatureWriter {
    private final VectorColumn column;
    private final int at;
    private final boolean elementwise;
    private final double[] shifts;
    private final double[] scales;
    private final double scale;

    VectorWriter(FittedFeature feature, int at, ColumnIndex columns) throws BadRecordException {
        column = new VectorColumn(feature.columns().get(0), feature.width());
        columns.vectorWidth(column.name());
        this.at = at;
        List<Double> shifts = feature.shifts();
        List<Double> scales = feature.scales();
        elementwise = shifts != null && scales != null;
        this.shifts = shifts == null ? new double[0] : FeatureWriter.unboxed(shifts);
        this.scales = scales == null ? new double[0] : FeatureWriter.unboxed(scales);
        scale = feature.scale() == null ? 1 : feature.scale();
    }

    @Override
    public void write(Row row, FeatureSink sink) throws BadRecordException {
        Row.Vector vector = column.read(row);
        float[] values = vector.values();
        int[] indices = vector.indices();
        if (!elementwise) {
            for (int j = 0; j < values.length; j++) {
                put(sink, indices == null ? j : indices[j], values[j] * scale);
            }
            return;
        }
        int entry = 0;
        for (int j = 0; j < column.width(); j++) {
            double x = 0;
            if (indices == null) {
                x = values[j];
            } else if (entry < indices.length && indices[entry] == j) {
                x = values[entry++];
            }
            put(sink, j, (x - shifts[j]) * scales[j]);
        }
    }

    private void put(FeatureSink sink, int element, double value) throws BadRecordException {
        sink.put(at + element, Numbers.toFloat(column.name(), value));
    }
}
