package dev.sampo.trainer.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** One wrong setting over a good spec, and the exact lines that its user reads. */
class SpecFaultsTest {
    private static final String GOOD = """
            name: m
            data: {train: a.csv, label: {column: y, type: binary}}
            features: [{columns: [a], transform: standardize}, {columns: b, transform: oneHot}]
            model: {type: mlp, hidden: [4], activation: tanh}
            training: {epochs: 2, optimizer: adam}
            onBadRecord: skip
            """;

    @TempDir
    private Path folder;

    private List<String> faults(String... sets) throws Exception {
        Path file = Files.writeString(folder.resolve("job.yaml"), GOOD);
        try {
            JobSpecs.load(file, List.of(sets));
            return List.of();
        } catch (SpecException e) {
            return e.problems();
        }
    }

    private static Arguments fault(String set, String... lines) {
        return Arguments.of(set, List.of(lines));
    }

    static Stream<Arguments> faults() {
        return Stream.of(
                // Misspelt names are taken for what was meant, so that nothing else is said of them.
                fault("trainig.epochs=0", "trainig: unknown key, did you mean training?"),
                fault("trainng={epochs: 0}", "trainng: unknown key, did you mean training?"),
                fault("numeric=fast", "numeric: unknown key, did you mean numerics?", wrong("numerics", "fast")),
                fault("model={type: mlp, hiden: [4]}", "model.hiden: unknown key, did you mean hidden?"),
                fault(
                        "model.type=mpl",
                        "model.type: must be one of linear, logistic, softmax, mlp, was \"mpl\", did you mean mlp?"),
                fault(
                        "model.type=forest",
                        "model.type: must be one of linear, logistic, softmax, mlp, was \"forest\"",
                        "model.hidden: only an mlp has hidden layers",
                        "model.activation: only an mlp has an activation"),
                fault(
                        "model.activation=rellu",
                        "model.activation: must be one of relu, tanh, gelu, sigmoid, was \"rellu\", did you mean relu?"),
                fault(
                        "training.optimizer.lerningRate=1",
                        "training.optimizer.lerningRate: unknown key, did you mean learningRate?"),
                fault(
                        "training.optimizer=adan",
                        "training.optimizer: must be one of sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw, ftrl, was \"adan\", did you mean adam?"),
                fault("features[1].transfrm=hash", "features[1].transfrm: unknown key, did you mean transform?"),
                // Types.
                fault(
                        "data.train=[null, 5, \"\"]",
                        "data.train[0]: must be text, was null",
                        "data.train[1]: must be text, was 5"),
                fault("data.validation=3", "data.validation: must be text or a list, was 3"),
                fault("data.validation=", "data.validation: must not hold an empty name"),
                fault("data=a.csv", "data: must be a mapping, was \"a.csv\""),
                fault("features=[null]", "features[0]: must be a mapping, was null"),
                fault("features[0]=3", "features[0]: must be a mapping, was 3"),
                fault("training.epochs=\"3\"", "training.epochs: must be a whole number, was \"3\""),
                fault("training.epochs=2.5", "training.epochs: must be a whole number, was 2.5"),
                fault("training.epochs=yes", "training.epochs: must be a whole number, was \"yes\""),
                fault("training.epochs=010", "training.epochs: must be a whole number, was \"010\""),
                fault("model.hidden[0]=wide", "model.hidden[0]: must be a whole number, was \"wide\""),
                fault("parameterServer=5", "parameterServer: must be a mapping, was 5"),
                fault(
                        "data.label.classWeights={yes: big}",
                        "data.label.classWeights.yes: must be a number, was \"big\""),
                // Ranges, and numbers that no record could hold.
                fault("training.epochs=0", "training.epochs: must be ≥ 1, was 0"),
                fault("training.epochs=99999999999", "training.epochs: must be ≤ 1000000, was 99999999999"),
                fault("training.epochs=-99999999999", "training.epochs: must be ≥ 1, was -99999999999"),
                fault(
                        "training.seed=9223372036854775808",
                        "training.seed: must be ≤ 9223372036854775807, was 9223372036854775808"),
                fault("model.hidden[0]=99999999999", "model.hidden[0]: must be ≤ 2147483647, was 99999999999"),
                fault(
                        "training.gradientClipping.norm=.inf",
                        "training.gradientClipping.norm: must be a finite number, was Infinity"),
                fault(
                        "training.gradientClipping.value=.nan",
                        "training.gradientClipping.value: must be a finite number, was NaN"),
                fault("training.gradientClipping={}", "training.gradientClipping: give norm or value"),
                fault(
                        "training.optimizer.learningRate=1e999",
                        "training.optimizer.learningRate: must be a finite number, was Infinity"),
                fault(
                        "training.optimizer.beta1=1",
                        "training.optimizer.beta1: must be ≥ 0 and < 1 in 32-bit floats, was 1.0"),
                fault("training.optimizer.momentum=0.5", "training.optimizer.momentum: adam has no such option"),
                fault(
                        "training.consistency=asb",
                        "training.consistency: must be one of bsp, ssp, asp, was \"asb\", did you mean asp?"),
                fault(
                        "training.consistency=ssp",
                        "training.consistency.staleness: missing; how many clocks a rank may be ahead of the slowest,"
                                + " such as 4"),
                fault(
                        "training.consistency={mode: asp, staleness: 3}",
                        "training.consistency.staleness: only with mode ssp"),
                fault(
                        "training.consistency.scaleLearningRate=true",
                        "training.consistency.scaleLearningRate: only with mode ssp or asp; with bsp no gradient is stale"),
                fault("data.validationFraction=1", "data.validationFraction: must be > 0 and < 1, was 1.0"),
                fault("onBadRecord.max=-1", "onBadRecord.max: must be ≥ 0, was -1"),
                fault(
                        "parameterServer.shardFloats=300000",
                        "parameterServer.shardFloats: must be 1 to 262144, was 300000"),
                // Settings that lead nowhere.
                fault(
                        "features[9].buckets=3",
                        "--set features[9].buckets=3: features has 2 elements, so [9] is beyond its end"),
                fault(
                        "features.buckets=3",
                        "--set features.buckets=3: features is a list; address an element, such as features[0]"),
                fault("name.first=x", "--set name.first=x: name is \"m\", so nothing can be in it"),
                fault(
                        "training.epochs=[1",
                        "--set training.epochs=[1: the value is not YAML: line 1, column 3: expected ',' or ']', but got <stream end>"),
                fault(
                        "epochs",
                        "--set epochs: must be path=value, such as training.epochs=3 or features[0].transform=minMax"));
    }

    private static String wrong(String path, String was) {
        return path + ": must be one of portable, native, was \"" + was + "\"";
    }

    @ParameterizedTest
    @MethodSource("faults")
    void everyFaultHasItsLine(String set, List<String> lines) throws Exception {
        assertThat(faults(set)).containsExactlyElementsOf(lines);
    }

    @Test
    void settingsReachShorthandsAndListsByEitherNotation() throws Exception {
        Path file = Files.writeString(folder.resolve("job.yaml"), GOOD);
        JobSpec spec = JobSpecs.load(
                file,
                List.of(
                        "training.optimizer.learningRate=1e-3",
                        "onBadRecord.max=3",
                        "features.0.transform=minMax",
                        "features[1].columns[1]=c",
                        "data.train.1=b.csv",
                        "model.hidden.1=8",
                        "data.label.classWeights={yes: 2, 1: 3}",
                        "data.label.positive=yes",
                        "training.epochs=1e1",
                        "model.activation=null"));
        assertThat(spec.training().optimizer().type()).isEqualTo("adam");
        assertThat(spec.training().optimizer().rate()).isEqualTo(0.001);
        assertThat(spec.onBadRecord().skips()).isTrue();
        assertThat(spec.onBadRecord().max()).isEqualTo(3);
        assertThat(spec.features().get(0).transform()).containsExactly("minMax");
        assertThat(spec.features().get(1).columns()).containsExactly("b", "c");
        assertThat(spec.data().train())
                .as("the spec's from its folder, the setting's from here")
                .containsExactly(
                        folder.resolve("a.csv").toString(),
                        Path.of("b.csv").toAbsolutePath().toString());
        assertThat(spec.model().hiddenOrNone()).containsExactly(4, 8);
        assertThat(spec.model().activation()).isNull();
        assertThat(spec.data().label().positive()).isEqualTo("yes");
        assertThat(spec.data().label().classWeights()).containsKeys("yes", "1");
        assertThat(spec.training().epochs()).isEqualTo(10);
    }

    /** A label is the text that stands in the spec, as far as a spec may leave its quotes out. */
    @Test
    void labelsKeepTheirText() throws Exception {
        Path file = Files.writeString(
                folder.resolve("job.yaml"),
                GOOD.replace("type: binary", "type: classes, classes: [yes, no, 1, 1.50, -1, true, 007]"));
        assertThat(JobSpecs.load(file, List.of()).data().label().classes())
                .containsExactly("yes", "no", "1", "1.50", "-1", "true", "007");
    }

    @Test
    void filesThatAreNoSpecsAreNamed() throws Exception {
        Path binary = Files.write(folder.resolve("binary.yaml"), new byte[] {(byte) 0xff, (byte) 0xfe, 0, 1});
        Path tab = Files.writeString(folder.resolve("tab.yaml"), "name: m\n\tdata: 3\n");
        Path json = Files.writeString(folder.resolve("comma.json"), "{\"name\": \"m\",}");
        assertRefused(binary, binary + ": is not UTF-8 text, so no spec");
        assertRefused(folder, folder + ": is a folder; name the spec's file");
        assertRefused(folder.resolve("gone.yaml"), folder.resolve("gone.yaml") + ": there is no such file");
        assertRefused(tab, tab + ": line 2, column 1: found character '\\t(TAB)' that cannot start any token");
        assertRefused(json, json + ": line 1, column 14: Unexpected character ('}' (code 125))");
    }

    private static void assertRefused(Path file, String message) {
        assertThatThrownBy(() -> JobSpecs.load(file, List.of()))
                .isInstanceOf(SpecException.class)
                .hasMessageStartingWith(message);
    }
}
