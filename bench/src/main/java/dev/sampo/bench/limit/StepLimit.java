package dev.sampo.bench.limit;

import dev.sampo.model.data.Batch;
import dev.sampo.model.data.Target;
import dev.sampo.model.network.ModelSpec;
import dev.sampo.model.network.Network;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.CyclicBarrier;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * What lanes that never wait reach on this machine: {@code WIDTHS BATCH LANES SECONDS DENSITY} such as
 * {@code 784,256,10 128 2 5 0.2}. Prints rows a second of all lanes as JSON, of the bare matrix products and of the whole gradient
 * of rows whose values are non-zero at that density; rows of density 1 are laid dense.
 */
public final class StepLimit {
    private StepLimit() {}

    /** One lane's repeated work. */
    private interface Work extends AutoCloseable {
        void once();

        @Override
        void close();
    }

    public static void main(String[] args) throws InterruptedException {
        if (args.length != 5) {
            throw new IllegalArgumentException("WIDTHS BATCH LANES SECONDS DENSITY");
        }
        int[] widths =
                Arrays.stream(args[0].split(",")).mapToInt(Integer::parseInt).toArray();
        int batch = Integer.parseInt(args[1]);
        int lanes = Integer.parseInt(args[2]);
        double seconds = Double.parseDouble(args[3]);
        double density = Double.parseDouble(args[4]);
        double products = rate(lanes, seconds, () -> products(widths, batch)) * batch;
        double gradient = rate(lanes, seconds, () -> gradient(widths, batch, density)) * batch;
        System.out.printf(
                Locale.ROOT,
                "{\"productsRowsPerSecond\": %.1f, \"gradientRowsPerSecond\": %.1f}%n",
                products,
                gradient);
    }

    /** Runs a second of all lanes together, after a warm-up of a third of the time. */
    private static double rate(int lanes, double seconds, Supplier<Work> work) throws InterruptedException {
        CyclicBarrier begin = new CyclicBarrier(lanes);
        double[] perSecond = new double[lanes];
        List<Thread> threads = IntStream.range(0, lanes)
                .mapToObj(lane -> new Thread(() -> perSecond[lane] = lane(work, begin, seconds)))
                .toList();
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        return Arrays.stream(perSecond).sum();
    }

    private static double lane(Supplier<Work> work, CyclicBarrier begin, double seconds) {
        try (Work mine = work.get()) {
            begin.await();
            repeat(mine, seconds / 3);
            return repeat(mine, 2 * seconds / 3);
        } catch (InterruptedException | java.util.concurrent.BrokenBarrierException e) {
            throw new IllegalStateException(e);
        }
    }

    private static double repeat(Work work, double seconds) {
        long began = System.nanoTime();
        long times = 0;
        double took;
        do {
            work.once();
            times++;
            took = (System.nanoTime() - began) / 1e9;
        } while (took < seconds);
        return times / took;
    }

    private static Work products(int[] widths, int batch) {
        GemmChain chain = new GemmChain(widths, batch);
        return new Work() {
            @Override
            public void once() {
                chain.run();
            }

            @Override
            public void close() {
                chain.close();
            }
        };
    }

    private static Work gradient(int[] widths, int batch, double density) {
        int outputs = widths[widths.length - 1];
        List<Integer> hidden =
                Arrays.stream(widths, 1, widths.length - 1).boxed().toList();
        List<String> classes =
                IntStream.range(0, outputs).mapToObj(String::valueOf).toList();
        Network network = Network.of(
                new ModelSpec("mlp", hidden, null, null, null), widths[0], new Target(Target.Kind.CLASSES, classes));
        float[] parameters = new float[network.parameterCount()];
        network.initialize(1, parameters);
        float[] gradient = new float[parameters.length];
        Network.Lane lane = network.newLane(batch);
        Batch rows = rows(widths[0], batch, density, outputs);
        return new Work() {
            @Override
            public void once() {
                lane.load(parameters, 0, 0, parameters.length);
                lane.gradient(rows, 1, gradient);
            }

            @Override
            public void close() {
                lane.close();
            }
        };
    }

    private static Batch rows(int width, int batch, double density, int outputs) {
        SplittableRandom random = new SplittableRandom(1);
        int[] starts = new int[batch + 1];
        int[] indices = new int[batch * width];
        float[] values = new float[batch * width];
        float[] labels = new float[batch];
        int entries = 0;
        for (int row = 0; row < batch; row++) {
            for (int feature = 0; feature < width; feature++) {
                if (random.nextDouble() < density) {
                    indices[entries] = feature;
                    values[entries++] = (float) random.nextDouble();
                }
            }
            starts[row + 1] = entries;
            labels[row] = random.nextInt(outputs);
        }
        return density < 1
                ? Batch.sparse(batch, width, starts, indices, values, labels, null)
                : Batch.dense(batch, width, values, labels, null);
    }
}
