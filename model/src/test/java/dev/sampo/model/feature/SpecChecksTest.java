package dev.sampo.model.feature;

import static dev.sampo.model.feature.Fitting.NUMERIC;
import static dev.sampo.model.feature.Fitting.bucketed;
import static dev.sampo.model.feature.Fitting.cross;
import static dev.sampo.model.feature.Fitting.feature;
import static dev.sampo.model.feature.Fitting.imputed;
import static dev.sampo.model.feature.Fitting.oneHot;
import static dev.sampo.model.feature.Fitting.schema;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.model.data.Schema;
import dev.sampo.model.spec.Problems;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpecChecksTest {
    private static final Schema SCHEMA = new Schema(List.of("x1", "x2", "c", "w", "y"), new Schema.VectorField("v", 3));

    private static List<String> ofFeatures(String json) throws JsonProcessingException {
        List<@Nullable FeatureSpec> features = new ObjectMapper().readValue(json, new TypeReference<>() {});
        Problems problems = new Problems();
        FeatureSpec.checkAll(features, "features", problems);
        return problems.all();
    }

    private static List<String> ofLabel(String json) throws JsonProcessingException {
        Problems problems = new Problems();
        new ObjectMapper().readValue(json, LabelSpec.class).check("data.label", problems);
        return problems.all();
    }

    private static List<String> ofSchema(LabelSpec label, @Nullable String weight, FeatureSpec... features) {
        Problems problems = new Problems();
        FeatureUnits.check(List.of(features), label, weight, SCHEMA, problems);
        return problems.all();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'columns': 'x'}",
                "{'columns': ['a', 'b'], 'transform': ['log1p', 'standardize'], 'impute': 'mean', 'indicator': true}",
                "{'columns': 'x', 'transform': 'scale', 'divideBy': 255}",
                "{'columns': 'x', 'transform': 'minMax', 'impute': -1}",
                "{'columns': 'x', 'transform': 'quantileBuckets', 'buckets': 4, 'impute': {'method': 'median'}}",
                "{'columns': 'x', 'transform': 'oneHot', 'minCount': 5}",
                "{'columns': 'x', 'transform': 'hash', 'buckets': 1024}",
                "{'columns': ['a', 'b'], 'transform': 'cross', 'buckets': 16}",
                "{'columns': 'pair*', 'transform': 'cross'}"
            })
    void takesWhatIsRight(String json) throws JsonProcessingException {
        assertThat(ofFeatures("[" + json.replace('\'', '"') + "]")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            null                                                             | features[0]: must be a feature
            {}                                                               | features[0].columns: at least one column
            {'columns': []}                                                  | features[0].columns: at least one column
            {'columns': [null]}                                              | features[0].columns[0]: must be a column's name, was null
            {'columns': ['a', null]}                                         | features[0].columns[1]: must be a column's name, was null
            {'columns': 'x', 'transform': [null]}                            | features[0].transform: must be of
            {'columns': 'x', 'transform': ['log1p', null]}                   | features[0].transform: must be of
            {'columns': 'x', 'transform': 'onehot'}                          | features[0].transform: must be of [cross, hash
            {'columns': 'x', 'transform': ['minMax', 'oneHot']}              | features[0].transform: one transform
            {'columns': 'x', 'transform': ['log1p', 'oneHot']}               | features[0].transform: log1p goes before a numeric
            {'columns': 'x', 'transform': 'oneHot', 'impute': 0}             | features[0].impute: a missing category
            {'columns': 'x', 'impute': 'mode'}                               | features[0].impute: must be mean, median
            {'columns': 'x', 'impute': {}}                                   | features[0].impute: needs the constant
            {'columns': 'x', 'impute': 1e39}                                 | features[0].impute: must be a finite
            {'columns': 'x', 'transform': 'log1p', 'impute': -1}             | features[0].impute: goes through log1p
            {'columns': 'x', 'indicator': true}                              | features[0].indicator: needs impute
            {'columns': 'x', 'transform': 'scale'}                           | features[0].divideBy: belongs to transform scale
            {'columns': 'x', 'divideBy': 2}                                  | features[0].divideBy: belongs to transform scale
            {'columns': 'x', 'transform': 'scale', 'divideBy': 0}            | features[0].divideBy: must be a finite number and not 0
            {'columns': 'x', 'transform': 'scale', 'divideBy': 1e-300}       | features[0].divideBy: must be a finite number and not 0
            {'columns': 'x', 'transform': 'oneHot', 'minCount': 0}           | features[0].minCount: must be ≥ 1
            {'columns': 'x', 'minCount': 2}                                  | features[0].minCount: belongs to oneHot and cross
            {'columns': 'x', 'transform': 'hash'}                            | features[0].buckets: hash needs the number
            {'columns': 'x', 'transform': 'hash', 'buckets': 1}              | features[0].buckets: must be ≥ 2
            {'columns': 'x', 'transform': 'quantileBuckets', 'buckets': 10001} | features[0].buckets: must be ≤ 10000
            {'columns': 'x', 'buckets': 4}                                   | features[0].buckets: belongs to quantileBuckets
            {'columns': 'x', 'transform': 'cross'}                           | features[0].columns: a cross needs two columns
            """)
    void refusesAFeatureAtItsPath(String json, String expected) throws JsonProcessingException {
        assertThat(ofFeatures("[" + json.replace('\'', '"') + "]"))
                .hasSize(1)
                .first()
                .asString()
                .startsWith(expected);
    }

    @Test
    void reportsEveryFaultAtOnce() throws JsonProcessingException {
        assertThat(ofFeatures("[null, {\"columns\": [null], \"transform\": [null]}]"))
                .extracting(each -> each.substring(0, each.indexOf(':')))
                .containsExactly("features[0]", "features[1].columns[0]", "features[1].transform");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {'type': 'multi'}                                        | data.label.type: must be one of
            {'type': 'numeric', 'positive': '1'}                     | data.label.positive: only a binary label
            {'type': 'classes', 'classes': ['a']}                    | data.label.classes: at least two labels
            {'type': 'classes', 'classes': ['a', null]}              | data.label.classes: must not hold an empty label
            {'type': 'classes', 'classes': ['1', '2', '1.0']}        | data.label.classes: "1" and "1.0" are the same label
            {'type': 'binary', 'classWeights': {'1': 0}}             | data.label.classWeights.1: must be > 0 and finite
            {'type': 'binary', 'classWeights': {'1': -2}}            | data.label.classWeights.1: must be > 0 and finite
            {'type': 'binary', 'classWeights': {'1': 'NaN'}}         | data.label.classWeights.1: must be > 0 and finite
            {'type': 'binary', 'classWeights': {'1': 'Infinity'}}    | data.label.classWeights.1: must be > 0 and finite
            {'type': 'binary', 'classWeights': {'1': 1e39}}          | data.label.classWeights.1: must be > 0 and finite
            {'type': 'binary', 'classWeights': {'1': null}}          | data.label.classWeights.1: must be > 0 and finite
            {'type': 'numeric', 'classWeights': {'1': 2}}            | data.label.classWeights.1: must be > 0 and finite
            {'type': 'binary', 'classWeights': {'-1': 2, '0': 2}}    | data.label.classWeights: "-1" and "0" are the same label
            """)
    void refusesALabelAtItsPath(String json, String expected) throws JsonProcessingException {
        assertThat(ofLabel(json.replace('\'', '"')))
                .hasSize(1)
                .first()
                .asString()
                .startsWith(expected);
    }

    @Test
    void labelAndWeightAreNoFeatures() {
        assertThat(ofSchema(NUMERIC, "w", feature("y", "passthrough")))
                .containsExactly("features[0].columns: the label y can't be a feature too");
        assertThat(ofSchema(NUMERIC, "w", feature("x1", "minMax"), cross("c", "w")))
                .containsExactly(
                        "features[1].columns: the weight w can't be a feature too: it is unknown when a model is asked");
        assertThat(ofSchema(NUMERIC, null, feature("w", "passthrough"))).isEmpty();
        assertThat(ofSchema(NUMERIC, "y", feature("x1", "passthrough")))
                .containsExactly("data.weight: y is the label, it can't be the weight too");
    }

    @Test
    void aPatternMeansNeitherLabelNorWeight() {
        assertThat(ofSchema(NUMERIC, "w", feature("x*", "minMax"))).isEmpty();
        assertThat(ofSchema(NUMERIC, "w", feature("w*", "minMax")))
                .containsExactly("features[0].columns: no column matches w*");
        assertThat(ofSchema(NUMERIC, "w", feature("*y", "minMax")))
                .containsExactly("features[0].columns: no column matches *y");
        assertThat(FeatureUnits.resolve(List.of(feature("*", "minMax")), NUMERIC, "w", SCHEMA))
                .extracting(FeatureUnits.Unit::column)
                .containsExactly("x1", "x2", "c");
        assertThat(FeatureUnits.resolve(null, NUMERIC, "w", SCHEMA))
                .extracting(FeatureUnits.Unit::column)
                .containsExactly("x1", "x2", "c", "v");
    }

    @Test
    void aCrossOfAPatternNeedsTwoColumnsToo() {
        assertThat(ofSchema(NUMERIC, null, cross("x*", "c"))).isEmpty();
        assertThat(ofSchema(NUMERIC, null, cross("x*"))).isEmpty();
        assertThat(ofSchema(NUMERIC, null, cross("c*")))
                .containsExactly("features[0].columns: a cross needs two columns or more, [c*] is one");
    }

    @Test
    void namesTheNearestColumn() {
        assertThat(ofSchema(Fitting.label("binary"), "weight", feature("x3", "minMax"), feature("q", "minMax")))
                .containsExactly(
                        "data.weight: no column \"weight\"; there are x1, x2, c, w, y",
                        "features[0].columns: no column \"x3\"; did you mean \"x1\"?",
                        "features[1].columns: no column \"q\"; did you mean \"c\"?");
    }

    @Test
    void aVectorIsNotTakenForACell() {
        String only = "features[0].columns: v is a vector: passthrough, scale, standardize or minMax only";
        assertThat(ofSchema(NUMERIC, null, feature("v", "standardize"))).isEmpty();
        assertThat(ofSchema(NUMERIC, null, oneHot("v", 1))).containsExactly(only);
        assertThat(ofSchema(NUMERIC, null, bucketed("quantileBuckets", 3, "v"))).containsExactly(only);
        assertThat(ofSchema(NUMERIC, null, feature("v", "log1p"))).containsExactly(only);
        assertThat(ofSchema(NUMERIC, null, imputed("v", "minMax", ImputeSpec.of(0), false)))
                .containsExactly(only);
    }

    @Test
    void aTableOfALabelAloneIsRefused() {
        Problems problems = new Problems();
        FeatureUnits.check(null, NUMERIC, null, schema("y"), problems);
        assertThat(problems.all()).containsExactly("features: no column is left besides the label");
    }
}
