package dev.sampo.bench.micro;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sampo.model.artifact.ModelArtifact;
import dev.sampo.model.artifact.ModelDocument;
import dev.sampo.model.artifact.Predictor;
import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Schema;
import dev.sampo.model.feature.FeaturePipeline;
import dev.sampo.model.feature.FeatureSpec;
import dev.sampo.model.feature.FitStatistics;
import dev.sampo.model.feature.LabelSpec;
import dev.sampo.model.network.ModelSpec;
import dev.sampo.model.network.Network;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Raw rows of 64 text columns through the feature pipeline and a network 64-256-10: what a serving lane does. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class PredictorBenchmark {
    private static final int COLUMNS = 64;

    /** Rows of the request. */
    @Param({"1", "32", "256"})
    public int rows;

    private Predictor predictor;
    private Schema schema;
    private List<Row> request;

    @Setup
    public void setup() throws BadRecordException {
        List<String> columns = new ArrayList<>(List.of("digit"));
        IntStream.range(0, COLUMNS).forEach(i -> columns.add("p" + i));
        schema = new Schema(columns, null);
        LabelSpec label = new LabelSpec("digit", "classes", null, null, null);
        FeatureSpec standardized = new FeatureSpec(List.of("p*"), List.of("standardize"), null, null, null, null, null);
        FitStatistics statistics = FitStatistics.empty(List.of(standardized), label, null, schema);
        List<Row> all = random(Math.max(rows, 1000));
        for (Row row : all) {
            statistics.add(row);
        }
        FeaturePipeline pipeline = statistics.fit();
        ModelSpec spec = new ModelSpec("mlp", List.of(256), null, null, null);
        Network network = Network.of(spec, pipeline.width(), pipeline.target());
        float[] weights = new float[network.parameterCount()];
        network.initialize(1, weights);
        ModelDocument document = ModelDocument.of(
                "bench",
                1,
                "bench-1",
                "",
                spec,
                pipeline,
                Map.of(),
                JsonNodeFactory.instance.objectNode(),
                Map.of(),
                1,
                1000);
        predictor = new Predictor(new ModelArtifact(document, pipeline, network, weights), 256);
        request = all.subList(0, rows);
    }

    private static List<Row> random(int count) {
        SplittableRandom random = new SplittableRandom(1);
        List<Row> made = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String[] cells = new String[COLUMNS + 1];
            cells[0] = String.valueOf(i % 10);
            for (int j = 1; j < cells.length; j++) {
                cells[j] = String.valueOf(random.nextInt(17));
            }
            made.add(new Row(cells, null));
        }
        return made;
    }

    @Benchmark
    public Predictor.Predictions predict() throws BadRecordException {
        return predictor.predict(schema, request);
    }

    @TearDown
    public void close() {
        predictor.close();
    }
}
