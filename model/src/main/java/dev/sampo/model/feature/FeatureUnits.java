package dev.sampo.model.feature;

import dev.sampo.model.data.Schema;
import dev.sampo.model.spec.Nearest;
import dev.sampo.model.spec.Problems;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Resolves the feature list against a schema: one unit for each column, one for each cross. */
public final class FeatureUnits {
    private FeatureUnits() {}

    /** One fitted thing: a spec with its columns by name. */
    record Unit(FeatureSpec spec, List<String> columns, boolean vector) {
        String column() {
            return columns.get(0);
        }
    }

    /** Adds what of the features, label and weight the schema does not have, with the nearest name it has. */
    public static void check(
            @Nullable List<FeatureSpec> features,
            LabelSpec label,
            @Nullable String weightColumn,
            Schema schema,
            Problems problems) {
        require(label.columnOrDefault(), "data.label.column", schema, problems);
        if (weightColumn != null) {
            require(weightColumn, "data.weight", schema, problems);
            problems.check(
                    !weightColumn.equals(label.columnOrDefault()),
                    "data.weight",
                    weightColumn + " is the label, it can't be the weight too");
        }
        List<String> free = free(label, weightColumn, schema);
        if (features == null || features.isEmpty()) {
            problems.check(
                    !free.isEmpty() || schema.vector() != null, "features", "no column is left besides the label");
            return;
        }
        for (int i = 0; i < features.size(); i++) {
            FeatureSpec feature = features.get(i);
            if (feature != null) {
                checkColumns(feature, label, weightColumn, schema, "features[" + i + "].columns", problems);
            }
        }
    }

    private static void checkColumns(
            FeatureSpec feature,
            LabelSpec label,
            @Nullable String weightColumn,
            Schema schema,
            String path,
            Problems problems) {
        int resolved = 0;
        for (String name : feature.columnsOrNone()) {
            if (name.contains("*")) {
                int matches = matching(name, free(label, weightColumn, schema)).size();
                problems.check(matches > 0, path, "no column matches " + name);
                resolved += matches;
                continue;
            }
            resolved++;
            if (name.equals(label.columnOrDefault())) {
                problems.add(path, "the label " + name + " can't be a feature too");
            } else if (name.equals(weightColumn)) {
                problems.add(
                        path, "the weight " + name + " can't be a feature too: it is unknown when a model is asked");
            } else if (!isVector(name, schema)) {
                require(name, path, schema, problems);
            } else if (!feature.numeric()
                    || feature.kind().equals("quantileBuckets")
                    || feature.log1p()
                    || feature.impute() != null) {
                problems.add(path, name + " is a vector: passthrough, scale, standardize or minMax only");
            }
        }
        problems.check(
                !feature.kind().equals("cross") || resolved != 1,
                path,
                "a cross needs two columns or more, " + feature.columnsOrNone() + " is one");
    }

    private static void require(String name, String path, Schema schema, Problems problems) {
        if (schema.indexOf(name) < 0) {
            problems.add(path, "no column \"" + name + "\"; " + nearest(name, schema.columns()));
        }
    }

    private static String nearest(String name, List<String> known) {
        return Nearest.of(name, known)
                .map(meant -> "did you mean \"" + meant + "\"?")
                .orElseGet(() -> "there are " + String.join(", ", known.subList(0, Math.min(20, known.size()))));
    }

    private static boolean isVector(String name, Schema schema) {
        return schema.vector() != null && schema.vector().name().equals(name);
    }

    /** The columns that are neither label nor weight: all that a pattern may mean. */
    private static List<String> free(LabelSpec label, @Nullable String weightColumn, Schema schema) {
        return schema.columns().stream()
                .filter(each -> !each.equals(label.columnOrDefault()) && !each.equals(weightColumn))
                .toList();
    }

    private static List<String> matching(String pattern, List<String> columns) {
        Pattern regex = Pattern.compile(Pattern.quote(pattern).replace("*", "\\E.*\\Q"));
        return columns.stream().filter(each -> regex.matcher(each).matches()).toList();
    }

    /** The units in order; without features, every column but label and weight, and the vector, as they are. */
    static List<Unit> resolve(
            @Nullable List<FeatureSpec> features, LabelSpec label, @Nullable String weightColumn, Schema schema) {
        List<String> free = free(label, weightColumn, schema);
        List<Unit> units = new ArrayList<>();
        if (features == null || features.isEmpty()) {
            FeatureSpec plain = FeatureSpec.passthrough(free);
            free.forEach(each -> units.add(new Unit(plain, List.of(each), false)));
            if (schema.vector() != null) {
                units.add(new Unit(plain, List.of(schema.vector().name()), true));
            }
            return units;
        }
        for (FeatureSpec feature : features) {
            List<String> names = new ArrayList<>();
            for (String name : feature.columnsOrNone()) {
                if (name.contains("*")) {
                    names.addAll(matching(name, free));
                } else {
                    names.add(name);
                }
            }
            if (feature.kind().equals("cross")) {
                units.add(new Unit(feature, List.copyOf(names), false));
            } else {
                names.forEach(each -> units.add(new Unit(feature, List.of(each), isVector(each, schema))));
            }
        }
        return units;
    }
}
