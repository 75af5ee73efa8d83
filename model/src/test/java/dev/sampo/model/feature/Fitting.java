package dev.sampo.model.feature;

import dev.sampo.model.data.Schema;
import java.util.List;

/** Short ways to specs for the tests of this package. */
final class Fitting {
    static final LabelSpec NUMERIC = label("numeric");

    private Fitting() {}

    static LabelSpec label(String type) {
        return new LabelSpec("y", type, null, null, null);
    }

    /** A feature of one column. */
    static FeatureSpec feature(String column, String... transform) {
        return new FeatureSpec(List.of(column), List.of(transform), null, null, null, null, null);
    }

    static FeatureSpec imputed(String column, String transform, ImputeSpec impute, boolean indicator) {
        return new FeatureSpec(List.of(column), List.of(transform), impute, indicator, null, null, null);
    }

    static FeatureSpec oneHot(String column, int minCount) {
        return new FeatureSpec(List.of(column), List.of("oneHot"), null, null, null, minCount, null);
    }

    static FeatureSpec bucketed(String transform, int buckets, String... columns) {
        return new FeatureSpec(List.of(columns), List.of(transform), null, null, null, null, buckets);
    }

    static FeatureSpec cross(String... columns) {
        return new FeatureSpec(List.of(columns), List.of("cross"), null, null, null, null, null);
    }

    static Schema schema(String... columns) {
        return new Schema(List.of(columns), null);
    }
}
