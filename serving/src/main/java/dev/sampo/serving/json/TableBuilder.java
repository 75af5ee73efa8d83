package dev.sampo.serving.json;

import dev.sampo.serving.prediction.RowTable;
import dev.sampo.serving.registry.ModelInfo;
import dev.sampo.serving.registry.ModelInfo.Input;
import dev.sampo.serving.registry.ModelInfo.Kind;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Lays the values of a model's inputs, column by column, into rows. */
final class TableBuilder {
    private TableBuilder() {}

    /** Takes the values of one column. */
    interface Column {
        void cell(int row, @Nullable String value);

        void element(int row, int at, float value);
    }

    /** Writes all values of one input. */
    interface Filler {
        void fill(Column column, int inputIndex);
    }

    static RowTable build(ModelInfo model, int count, Filler filler) {
        List<String> columns = new ArrayList<>();
        Input vector = null;
        for (Input input : model.inputs()) {
            if (input.kind() == Kind.VECTOR) {
                vector = input;
            } else {
                columns.add(input.name());
            }
        }
        String[][] cells = new String[count][columns.size()];
        float[][] values = new float[vector == null ? 0 : count][vector == null ? 0 : vector.width()];
        for (int i = 0; i < model.inputs().size(); i++) {
            int at = columns.indexOf(model.inputs().get(i).name());
            filler.fill(
                    new Column() {
                        @Override
                        public void cell(int row, @Nullable String value) {
                            cells[row][at] = value;
                        }

                        @Override
                        public void element(int row, int index, float value) {
                            values[row][index] = value;
                        }
                    },
                    i);
        }
        return vector == null
                ? new RowTable(columns, null, 0, cells, null, null)
                : new RowTable(columns, vector.name(), vector.width(), cells, null, values);
    }
}
