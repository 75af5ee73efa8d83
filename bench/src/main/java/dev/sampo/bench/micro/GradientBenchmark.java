package dev.sampo.bench.micro;

import dev.sampo.bench.limit.GemmChain;
import dev.sampo.model.data.Batch;
import dev.sampo.model.data.Target;
import dev.sampo.model.network.ModelSpec;
import dev.sampo.model.network.Network;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** One rank's work in a step, a multi-layer perceptron 784-256-10: the gradient, beside nothing but its matrix products. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class GradientBenchmark {
    private static final int INPUTS = 784;
    private static final int HIDDEN = 256;
    private static final List<String> DIGITS = List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");

    /** Rows of the mini-batch. */
    @Param({"64", "128", "512"})
    public int batch;

    private Network.Lane lane;
    private Batch rows;
    private float[] gradient;
    private float[] scores;
    private float[] parameters;
    private GemmChain chain;

    @Setup
    public void setup() {
        ModelSpec spec = new ModelSpec("mlp", List.of(HIDDEN), null, null, null);
        Network network = Network.of(spec, INPUTS, new Target(Target.Kind.CLASSES, DIGITS));
        parameters = new float[network.parameterCount()];
        network.initialize(1, parameters);
        lane = network.newLane(batch);
        lane.load(parameters, 0, 0, parameters.length);
        gradient = new float[network.parameterCount()];
        scores = new float[batch * DIGITS.size()];
        SplittableRandom random = new SplittableRandom(1);
        float[] dense = new float[batch * INPUTS];
        for (int i = 0; i < dense.length; i++) {
            dense[i] = (float) random.nextDouble();
        }
        float[] labels = new float[batch];
        for (int i = 0; i < batch; i++) {
            labels[i] = random.nextInt(DIGITS.size());
        }
        rows = Batch.dense(batch, INPUTS, dense, labels, null);
        chain = new GemmChain(new int[] {INPUTS, HIDDEN, DIGITS.size()}, batch);
    }

    /** The limit: the five products alone, on buffers that stay. */
    @Benchmark
    public void products() {
        chain.run();
    }

    /** As in training: new values every step, forward, loss, backward. */
    @Benchmark
    public float[] gradient() {
        lane.load(parameters, 0, 0, parameters.length);
        lane.gradient(rows, 1, gradient);
        return gradient;
    }

    @Benchmark
    public float[] forward() {
        lane.forward(rows, scores);
        return scores;
    }

    @TearDown
    public void close() {
        lane.close();
        chain.close();
    }
}
