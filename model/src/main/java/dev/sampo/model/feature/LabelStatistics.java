package dev.sampo.model.feature;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Target;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Counts of the labels; of a numeric one, of rows alone. Not thread-safe. */
final class LabelStatistics {
    private static final int LABELS_MAX = 10_000;
    private final LabelSpec spec;
    private final LabelColumn column;
    private final Set<String> allowed = new HashSet<>();
    private final Map<String, long[]> counts = new HashMap<>();
    private String text = "";

    LabelStatistics(LabelSpec spec, int index) {
        this.spec = spec;
        column = new LabelColumn(spec, index);
        if (spec.classes() != null) {
            spec.classes().forEach(each -> allowed.add(LabelColumn.canonical(each, spec)));
        }
    }

    void read(Row row) throws BadRecordException {
        if (column.numeric()) {
            column.number(row);
            text = "";
            return;
        }
        String cell = column.cell(row);
        text = counts.containsKey(cell) ? cell : LabelColumn.canonical(cell, spec);
        if (!allowed.isEmpty() && !allowed.contains(text)) {
            throw new BadRecordException("column " + column.name() + ": unknown label \"" + Numbers.shorten(text)
                    + "\"; data.label.classes are " + spec.classes());
        }
    }

    void ensureRoom() throws BadRecordException {
        if (counts.size() >= LABELS_MAX && !counts.containsKey(text)) {
            throw new BadRecordException(tooMany());
        }
    }

    private String tooMany() {
        return "column " + column.name() + ": more than " + LABELS_MAX
                + " different labels; is it numeric? then set data.label.type: numeric";
    }

    void count() {
        add(text, 1);
    }

    private void add(String label, long times) {
        counts.computeIfAbsent(label, each -> new long[1])[0] += times;
    }

    void ensureRoom(LabelStatistics later) {
        long more = later.counts.keySet().stream()
                .filter(each -> !counts.containsKey(each))
                .count();
        if (counts.size() + more > LABELS_MAX) {
            throw new IllegalArgumentException(tooMany());
        }
    }

    void merge(LabelStatistics later) {
        later.counts.forEach((label, times) -> add(label, times[0]));
    }

    void write(DataOutput out) throws IOException {
        TreeMap<String, Long> sorted = new TreeMap<>();
        counts.forEach((label, times) -> sorted.put(label, times[0]));
        CategoryStatistics.writeCounts(sorted, out);
    }

    void readFrom(StatisticsReader in, long rows) {
        CategoryStatistics.readCounts(in, LABELS_MAX, rows).forEach(this::add);
    }

    /** What is learned; {@link IllegalArgumentException} says what the labels do not allow. */
    Target target() {
        return switch (spec.typeOrDefault()) {
            case "numeric" -> new Target(Target.Kind.NUMERIC, List.of());
            case "binary" -> new Target(Target.Kind.BINARY, binary());
            default -> new Target(Target.Kind.CLASSES, classes());
        };
    }

    private List<String> classes() {
        List<String> classes = spec.classes() == null
                ? sorted()
                : spec.classes().stream()
                        .map(each -> LabelColumn.canonical(each, spec))
                        .toList();
        if (classes.size() < 2) {
            throw new IllegalArgumentException(
                    "column " + column.name() + ": classes need two labels or more, found " + classes);
        }
        return classes;
    }

    /** [negative, positive]. */
    private List<String> binary() {
        List<String> found = sorted();
        if (found.size() != 2) {
            throw new IllegalArgumentException("column " + column.name() + ": a binary label has two values, found "
                    + found.size() + ": " + found.subList(0, Math.min(10, found.size())));
        }
        String positive = spec.positive() == null ? found.get(1) : LabelColumn.canonical(spec.positive(), spec);
        if (!found.contains(positive)) {
            throw new IllegalArgumentException(
                    "data.label.positive: \"" + spec.positive() + "\" does not occur, the labels are " + found);
        }
        return List.of(found.get(found.get(0).equals(positive) ? 1 : 0), positive);
    }

    /** By number if all are, else by text. */
    private List<String> sorted() {
        List<String> labels = new ArrayList<>(counts.keySet());
        labels.sort(Comparator.naturalOrder());
        if (labels.stream().allMatch(each -> each.matches("[+-]?\\d{1,15}(\\.\\d{1,15})?"))) {
            labels.sort(Comparator.comparingDouble(Double::parseDouble));
        }
        return labels;
    }
}
