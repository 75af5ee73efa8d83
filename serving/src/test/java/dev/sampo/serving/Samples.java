package dev.sampo.serving;

import dev.sampo.model.data.Target;
import dev.sampo.serving.prediction.RowTable;
import dev.sampo.serving.registry.ModelInfo;
import dev.sampo.serving.registry.ModelInfo.Input;
import dev.sampo.serving.registry.ModelInfo.Kind;
import dev.sampo.serving.registry.ModelInfo.State;
import java.util.List;
import java.util.Map;

/** Model infos that several tests share. */
public final class Samples {
    public static final Target BINARY = new Target(Target.Kind.BINARY, List.of("<=50K", ">50K"));
    public static final Target DIGITS = new Target(Target.Kind.CLASSES, List.of("0", "1", "2"));
    public static final Target NUMERIC = new Target(Target.Kind.NUMERIC, List.of());

    private Samples() {}

    public static ModelInfo info(String name, int version, Target target, Input... inputs) {
        return new ModelInfo(
                name,
                version,
                State.AVAILABLE,
                "",
                "2026-11-01T00:00:00Z",
                "job-1",
                "ab12",
                Map.of("accuracy", 0.5),
                List.of(inputs),
                target);
    }

    public static ModelInfo adult() {
        return info("adult", 3, BINARY, new Input("age", Kind.NUMBER, 1), new Input("workclass", Kind.TEXT, 1));
    }

    public static ModelInfo pixels() {
        return info("pixels", 1, DIGITS, new Input("pixels", Kind.VECTOR, 4));
    }

    public static ModelInfo house() {
        return info("house", 1, NUMERIC, new Input("rooms", Kind.NUMBER, 1));
    }

    /** Rows of the one number column {@code rooms}. */
    public static RowTable rooms(double... rooms) {
        String[][] cells = new String[rooms.length][1];
        for (int i = 0; i < rooms.length; i++) {
            cells[i][0] = Double.toString(rooms[i]);
        }
        return new RowTable(List.of("rooms"), null, 0, cells, null, null);
    }
}
