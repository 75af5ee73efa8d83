package dev.sampo.model.feature;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sampo.model.spec.Problems;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is to be predicted.
 *
 * @param column the label's column; LIBSVM and IDX name theirs {@code label}
 * @param type binary, classes or numeric
 * @param positive binary: the label that counts as 1; by default the larger of the two
 * @param classes classes: the labels in class order; by default those found, sorted
 * @param classWeights label to weight of its rows, above 0; 1 for a label that is not named
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record LabelSpec(
        @Nullable String column,
        @Nullable String type,
        @Nullable String positive,
        @Nullable List<String> classes,
        @Nullable Map<String, Double> classWeights) {
    private static final List<String> TYPES = List.of("binary", "classes", "numeric");

    public String columnOrDefault() {
        return column == null ? "label" : column;
    }

    public String typeOrDefault() {
        return type == null ? "classes" : type;
    }

    public void check(String path, Problems problems) {
        problems.check(TYPES.contains(typeOrDefault()), path + ".type", "must be one of " + TYPES + ", was " + type);
        problems.check(
                positive == null || typeOrDefault().equals("binary"),
                path + ".positive",
                "only a binary label has one");
        problems.check(
                classes == null || classes.size() >= 2 && typeOrDefault().equals("classes"),
                path + ".classes",
                "at least two labels, and only for type classes");
        problems.check(
                classes == null || classes.stream().allMatch(each -> each != null && !each.isEmpty()),
                path + ".classes",
                "must not hold an empty label");
        checkDistinct(path + ".classes", classes == null ? List.of() : classes, problems);
        if (classWeights != null) {
            checkDistinct(path + ".classWeights", classWeights.keySet(), problems);
            classWeights.forEach((label, weight) -> problems.check(
                    weight != null
                            && weight > 0
                            && Float.isFinite(weight.floatValue())
                            && !typeOrDefault().equals("numeric"),
                    path + ".classWeights." + label,
                    "must be > 0 and finite, for a label that is not numeric, was " + weight));
        }
    }

    /** Refuses two spellings of one label, such as 1 and 1.0. */
    private void checkDistinct(String path, Collection<String> labels, Problems problems) {
        Map<String, String> seen = new HashMap<>();
        for (String each : labels) {
            String other = each == null ? null : seen.put(FitStatistics.canonical(each, this), each);
            problems.check(other == null, path, "\"" + other + "\" and \"" + each + "\" are the same label");
        }
    }
}
