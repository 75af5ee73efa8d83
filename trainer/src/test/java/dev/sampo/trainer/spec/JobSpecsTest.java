package dev.sampo.trainer.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.sampo.ingestion.index.OnBadRecord;
import dev.sampo.ingestion.source.DataSpec;
import dev.sampo.ingestion.source.FormatSpec;
import dev.sampo.model.feature.FeatureSpec;
import dev.sampo.model.feature.ImputeSpec;
import dev.sampo.model.feature.LabelSpec;
import dev.sampo.model.network.LossSpec;
import dev.sampo.model.network.ModelSpec;
import dev.sampo.parameter.optimizer.OptimizerSpec;
import dev.sampo.parameter.optimizer.RegularizationSpec;
import dev.sampo.parameter.optimizer.ScheduleSpec;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class JobSpecsTest {
    private static final Path EXAMPLES = Path.of("../examples");
    private static final String GOOD = """
            name: m
            data: {train: a.csv, label: {column: y, type: binary, positive: "1"}}
            features: [{columns: [a], transform: standardize}, {columns: b, transform: oneHot}]
            model: {type: logistic}
            training: {epochs: 2, optimizer: {type: sgd, learningRate: 0.1}}
            """;

    @TempDir
    private Path folder;

    private List<String> faults(String yaml, String... sets) throws Exception {
        Path file = Files.writeString(folder.resolve("job.yaml"), yaml);
        try {
            JobSpecs.load(file, List.of(sets));
            return List.of();
        } catch (SpecException e) {
            return e.problems();
        }
    }

    static Stream<Path> examples() throws Exception {
        return Files.find(EXAMPLES, 3, (path, file) -> path.toString().endsWith(".yaml"));
    }

    @ParameterizedTest
    @MethodSource("examples")
    void everyShippedExampleIsAccepted(Path example) throws Exception {
        JobSpec spec = JobSpecs.load(example, List.of());
        assertThat(JobSpecs.parse(JobSpecs.toJson(spec), false))
                .as("through JSON")
                .isEqualTo(spec);
        assertThat(SpecSchema.accepts(new YAMLMapper().readTree(example.toFile())))
                .isTrue();
    }

    /** Editors complete and check a spec by the schema that its first line names. */
    @ParameterizedTest
    @MethodSource("examples")
    void everyShippedExampleNamesTheSchema(Path example) throws Exception {
        String first = Files.readAllLines(example).get(0);
        String prefix = "# yaml-language-server: $schema=";
        assertThat(first).startsWith(prefix);
        assertThat(Files.readString(example.resolveSibling(first.substring(prefix.length()))))
                .isEqualTo(SpecSchema.text());
    }

    /** Faults of shape and of sense come together, each with its path. */
    @Test
    void everyFaultIsToldAtOnce() throws Exception {
        assertThat(faults("""
                        name: "a b"
                        data: {train: a.csv, chunkRows: 0, label: {colum: y, type: binary}}
                        features: [null, {columns: [a, 7], transform: standardise}, {columns: b, buckets: many}]
                        model: {type: mlp, hidden: [wide, 0]}
                        training: {epochs: two, batchSize: -1, epoch: 3, optimizer: [adam], gradientClipping: {norm: 0}}
                        numerics: fast
                        onBadRecord: {action: skipp, max: -1}
                        color: red
                        """))
                .containsExactlyInAnyOrder(
                        "color: unknown key; known are data, features, model, name, numerics, onBadRecord, parameterServer, training",
                        "data.label.colum: unknown key, did you mean column?",
                        "features[0]: must be a mapping, was null",
                        "features[1].columns[1]: must be text, was 7",
                        "features[2].buckets: must be a whole number, was \"many\"",
                        "model.hidden[0]: must be a whole number, was \"wide\"",
                        "training.epochs: must be a whole number, was \"two\"",
                        "training.epoch: unknown key, did you mean epochs?",
                        "training.optimizer: must be text or a mapping, was [\"adam\"]",
                        "name: must be 1 to 80 letters, digits, - _ . and begin with a letter or digit, was \"a b\"",
                        "data.chunkRows: must be ≥ 1 and ≤ 65536, was 0",
                        "features[1].transform: must be one of passthrough, scale, standardize, minMax, quantileBuckets, log1p, oneHot, hash, cross, was \"standardise\", did you mean standardize?",
                        "training.batchSize: must be ≥ 1, was -1",
                        "training.gradientClipping.norm: must be > 0 and finite, was 0.0",
                        "numerics: must be one of portable, native, was \"fast\"",
                        "onBadRecord.action: must be one of fail, skip, was \"skipp\", did you mean skip?",
                        "onBadRecord.max: must be ≥ 0, was -1");
    }

    @Test
    void whatIsMissingIsNamed() throws Exception {
        assertThat(faults("name: m\n"))
                .containsExactlyInAnyOrder(
                        "data: missing; at least {train: FILE, label: {column: NAME}}",
                        "model: missing; such as {type: mlp, hidden: [128]}");
        assertThat(faults(""))
                .singleElement()
                .asString()
                .endsWith("job.yaml: a spec is a mapping, such as name: my-model");
        assertThat(faults("- a\n")).hasSize(1);
        assertThat(faults("name: m\nname: n\n"))
                .singleElement()
                .asString()
                .contains("line 2")
                .contains("Duplicate");
        assertThat(faults("a: [")).singleElement().asString().contains("line ");
        assertThatThrownBy(() -> JobSpecs.load(folder.resolve("nowhere.yaml"), List.of()))
                .isInstanceOf(SpecException.class)
                .hasMessageContaining("nowhere.yaml");
    }

    @Test
    void penaltiesOfFtrlAreItsOwn() throws Exception {
        assertThat(faults(GOOD, "training.optimizer=ftrl", "training.regularization.l2=0.1"))
                .singleElement()
                .asString()
                .startsWith("training.regularization: ftrl has penalties of its own");
    }

    @Test
    void settingsReachEveryPlace() throws Exception {
        Path file = Files.writeString(folder.resolve("job.yaml"), GOOD);
        JobSpec spec = JobSpecs.load(
                file,
                List.of(
                        "training.epochs=7",
                        "features[0].transform=minMax",
                        "features[2]={columns: c, transform: hash, buckets: 8}",
                        "data.validation=v.csv",
                        "training.schedule.type=cosine",
                        "model={type: mlp, hidden: [3, 4]}"));
        assertThat(spec.training().epochs()).isEqualTo(7);
        assertThat(spec.features()).hasSize(3);
        assertThat(spec.features().get(0).transform()).containsExactly("minMax");
        assertThat(spec.model().hiddenOrNone()).containsExactly(3, 4);
        assertThat(spec.training().schedule().typeOrDefault()).isEqualTo("cosine");
        assertThat(spec.data().train())
                .as("of the spec: its folder")
                .containsExactly(folder.resolve("a.csv").toString());
        assertThat(spec.data().validation())
                .as("of a setting: the current folder")
                .containsExactly(Path.of("v.csv").toAbsolutePath().toString());
        assertThat(faults(GOOD, "training.epoch=3"))
                .containsExactly("training.epoch: unknown key, did you mean epochs?");
        assertThat(faults(GOOD, "epochs")).singleElement().asString().contains("must be path=value");
        assertThat(faults(GOOD, "features[9].buckets=3"))
                .singleElement()
                .asString()
                .contains("beyond its end");
    }

    private static final Map<String, Class<?>> RECORDS = Map.ofEntries(
            Map.entry("", JobSpec.class),
            Map.entry("/properties/data", DataSpec.class),
            Map.entry("/properties/data/properties/format", FormatSpec.class),
            Map.entry("/properties/data/properties/label", LabelSpec.class),
            Map.entry("/properties/features/items", FeatureSpec.class),
            Map.entry("/properties/features/items/properties/impute", ImputeSpec.class),
            Map.entry("/properties/model", ModelSpec.class),
            Map.entry("/properties/model/properties/loss", LossSpec.class),
            Map.entry("/properties/training", TrainingSpec.class),
            Map.entry("/properties/training/properties/optimizer", OptimizerSpec.class),
            Map.entry("/properties/training/properties/schedule", ScheduleSpec.class),
            Map.entry("/properties/training/properties/regularization", RegularizationSpec.class),
            Map.entry("/properties/training/properties/gradientClipping", ClippingSpec.class),
            Map.entry("/properties/training/properties/earlyStopping", EarlyStoppingSpec.class),
            Map.entry("/properties/training/properties/checkpoint", CheckpointSpec.class),
            Map.entry("/properties/parameterServer", ParameterServerSpec.class),
            Map.entry("/properties/onBadRecord", OnBadRecord.class));

    /** The schema and the records have the same keys, and every key is described. */
    @Test
    void theSchemaIsInStepWithTheCode() throws Exception {
        JsonNode schema = new ObjectMapper().readTree(SpecSchema.text());
        for (var each : RECORDS.entrySet()) {
            TreeSet<String> keys = new TreeSet<>();
            schema.at(each.getKey()).path("properties").fieldNames().forEachRemaining(keys::add);
            TreeSet<String> components = new TreeSet<>();
            Arrays.stream(each.getValue().getRecordComponents())
                    .map(RecordComponent::getName)
                    .forEach(components::add);
            assertThat(keys).as(each.getValue().getSimpleName()).isEqualTo(components);
            schema.at(each.getKey())
                    .path("properties")
                    .properties()
                    .forEach(property -> assertThat(
                                    property.getValue().path("description").asText())
                            .as(property.getKey())
                            .isNotBlank());
        }
    }

    /** What the schema refuses alone, the checks refuse too: an editor and the program agree on ranges. */
    @Test
    void theSchemasRangesAreThoseOfTheChecks() throws Exception {
        for (String set : List.of(
                "training.epochs=0",
                "training.batchSize=0",
                "training.ranks=5000",
                "training.optimizer.learningRate=0",
                "training.optimizer={type: adam, beta1: 1}",
                "training.optimizer={type: adam, epsilon: 0}",
                "training.optimizer={type: adamw, weightDecay: -1}",
                "training.optimizer=adagrd",
                "training.schedule={type: cosine, minFactor: 2}",
                "training.schedule={type: step, factor: 0}",
                "training.checkpoint.everySteps=0",
                "training.checkpoint.everyMinutes=0",
                "training.gradientClipping.norm=0",
                "training.earlyStopping.patience=0",
                "training.regularization.l1=-1",
                "training.consistency=esp",
                "training.consistency={mode: ssp, staleness: -1}",
                "data.validationFraction=1",
                "data.chunkRows=70000",
                "data.format=parquett",
                "data.format={type: libsvm, indexBase: 2}",
                "data.format.delimiter=ab",
                "data.label.type=binry",
                "model.type=softmaxx",
                "model={type: mlp, hidden: [0]}",
                "model={type: mlp, hidden: [2], dropout: 1}",
                "model={type: logistic, loss: hubris}",
                "parameterServer.shardFloats=0",
                "features[0].buckets=1",
                "features[0].transform=standardise",
                "onBadRecord=ignore",
                "numerics=fast",
                "name=-m")) {
            assertThat(faults(GOOD, set)).as(set).isNotEmpty();
            JsonNode spec = new YAMLMapper().readTree(GOOD);
            assertThat(SpecSchema.accepts(spec)).isTrue();
            assertThat(SpecSchema.accepts(with(spec, set))).as("schema: " + set).isFalse();
        }
    }

    private static JsonNode with(JsonNode spec, String set) throws Exception {
        String[] keys = set.substring(0, set.indexOf('=')).replace("[0]", ".0").split("\\.");
        JsonNode at = spec;
        for (int i = 0; i + 1 < keys.length; i++) {
            JsonNode next = at.isArray() ? at.path(Integer.parseInt(keys[i])) : at.path(keys[i]);
            at = next.isMissingNode() ? ((com.fasterxml.jackson.databind.node.ObjectNode) at).putObject(keys[i]) : next;
        }
        ((com.fasterxml.jackson.databind.node.ObjectNode) at)
                .set(keys[keys.length - 1], new YAMLMapper().readTree(set.substring(set.indexOf('=') + 1)));
        return spec;
    }
}
