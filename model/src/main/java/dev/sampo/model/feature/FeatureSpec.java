package dev.sampo.model.feature;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sampo.model.spec.Problems;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One entry of the feature list: columns and what is made of them.
 *
 * @param columns names, or patterns with {@code *}; a vector field by its name
 * @param transform numeric: passthrough, scale, standardize, minMax, quantileBuckets, each perhaps after log1p; categorical:
 *     oneHot, hash; cross of several columns. passthrough by default
 * @param impute numeric: what stands in for a missing value; without it a missing value is a bad record
 * @param indicator numeric: whether a 0/1 feature marks missing values
 * @param divideBy scale: the divisor, not 0
 * @param minCount oneHot, cross: values seen less often share the "other" feature; 1 by default
 * @param buckets quantileBuckets, hash, cross (hashed instead of counted): number of buckets, at least 2
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record FeatureSpec(
        @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY) @Nullable List<String> columns,

        @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY) @Nullable List<String> transform,

        @Nullable ImputeSpec impute,
        @Nullable Boolean indicator,
        @Nullable Double divideBy,
        @Nullable Integer minCount,
        @Nullable Integer buckets) {
    private static final Set<String> NUMERIC =
            Set.of("passthrough", "scale", "standardize", "minMax", "quantileBuckets");
    private static final Set<String> KNOWN = Set.of(
            "passthrough", "scale", "standardize", "minMax", "quantileBuckets", "log1p", "oneHot", "hash", "cross");

    private static final int QUANTILE_BUCKETS_MAX = 10_000;

    /** Every column as it is. */
    static FeatureSpec passthrough(List<String> columns) {
        return new FeatureSpec(columns, List.of("passthrough"), null, null, null, null, null);
    }

    public List<String> columnsOrNone() {
        return columns == null
                ? List.of()
                : columns.stream().filter(Objects::nonNull).toList();
    }

    boolean log1p() {
        return transform != null && transform.stream().anyMatch("log1p"::equals);
    }

    /** The transform beside log1p. */
    String kind() {
        if (transform == null) {
            return "passthrough";
        }
        return transform.stream()
                .filter(each -> each != null && !each.equals("log1p"))
                .findFirst()
                .orElse("passthrough");
    }

    boolean numeric() {
        return NUMERIC.contains(kind());
    }

    boolean hasIndicator() {
        return Boolean.TRUE.equals(indicator);
    }

    int minCountOrDefault() {
        return minCount == null ? 1 : minCount;
    }

    /** Adds every fault of a feature list, each with its path. */
    public static void checkAll(@Nullable List<FeatureSpec> features, String path, Problems problems) {
        for (int i = 0; features != null && i < features.size(); i++) {
            FeatureSpec each = features.get(i);
            if (each == null) {
                problems.add(path + "[" + i + "]", "must be a feature such as {columns: age}, was null");
            } else {
                each.check(path + "[" + i + "]", problems);
            }
        }
    }

    /** Adds every fault, each with its path. */
    public void check(String path, Problems problems) {
        problems.check(columns != null && !columns.isEmpty(), path + ".columns", "at least one column");
        for (int i = 0; columns != null && i < columns.size(); i++) {
            String each = columns.get(i);
            problems.check(
                    each != null && !each.isEmpty(),
                    path + ".columns[" + i + "]",
                    "must be a column's name, was " + (each == null ? null : "empty"));
        }
        for (String each : transform == null ? List.<String>of() : transform) {
            problems.check(
                    each != null && KNOWN.contains(each),
                    path + ".transform",
                    "must be of " + new java.util.TreeSet<>(KNOWN) + ", was " + each);
        }
        long others = transform == null
                ? 0
                : transform.stream().filter(each -> !"log1p".equals(each)).count();
        problems.check(others <= 1, path + ".transform", "one transform, perhaps after log1p, was " + transform);
        problems.check(!log1p() || numeric(), path + ".transform", "log1p goes before a numeric transform only");
        problems.check(impute == null || numeric(), path + ".impute", "a missing category is a category of its own");
        problems.check(
                impute == null || Set.of("mean", "median", "constant").contains(impute.method()),
                path + ".impute",
                "must be mean, median or {constant: x}");
        problems.check(
                impute == null || !impute.method().equals("constant") || impute.constant() != null,
                path + ".impute",
                "needs the constant");
        problems.check(!hasIndicator() || impute != null, path + ".indicator", "needs impute");
        problems.check(
                kind().equals("scale") == (divideBy != null),
                path + ".divideBy",
                "belongs to transform scale, and it needs one");
        problems.check(
                divideBy == null || Double.isFinite(divideBy) && Float.isFinite((float) (1 / divideBy)),
                path + ".divideBy",
                "must be a finite number and not 0, was " + divideBy);
        Double constant = impute == null ? null : impute.constant();
        problems.check(
                constant == null || Float.isFinite(constant.floatValue()),
                path + ".impute",
                "must be a finite number, was " + constant);
        problems.check(
                constant == null || !log1p() || constant > -1,
                path + ".impute",
                "goes through log1p too, so it must be above -1, was " + constant);
        problems.check(
                buckets == null || !kind().equals("quantileBuckets") || buckets <= QUANTILE_BUCKETS_MAX,
                path + ".buckets",
                "must be ≤ " + QUANTILE_BUCKETS_MAX + " for quantileBuckets, was " + buckets);
        problems.check(
                minCount == null || buckets == null,
                path + ".minCount",
                "counts values, but buckets hash them; remove one of the two");
        problems.check(minCountOrDefault() >= 1, path + ".minCount", "must be ≥ 1, was " + minCount);
        problems.check(
                minCount == null || kind().equals("oneHot") || kind().equals("cross"),
                path + ".minCount",
                "belongs to oneHot and cross");
        boolean bucketed = kind().equals("quantileBuckets") || kind().equals("hash");
        problems.check(!bucketed || buckets != null, path + ".buckets", kind() + " needs the number of buckets");
        problems.check(buckets == null || buckets >= 2, path + ".buckets", "must be ≥ 2, was " + buckets);
        problems.check(
                buckets == null || bucketed || kind().equals("cross"),
                path + ".buckets",
                "belongs to quantileBuckets, hash, cross");
        problems.check(
                !kind().equals("cross")
                        || columnsOrNone().size() >= 2
                        || columnsOrNone().stream().anyMatch(each -> each.contains("*")),
                path + ".columns",
                "a cross needs two columns or more");
    }
}
