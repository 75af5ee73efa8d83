package dev.sampo.model.network;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sampo.model.data.Batch;
import dev.sampo.model.data.BatchBuffer;
import dev.sampo.model.data.Selection;
import dev.sampo.model.data.Target;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Gradients against central differences of the loss, for every model, loss and batch form. */
class NetworkTest {
    private static final int ROWS = 7;
    private static final int WIDTH = 5;
    /** Forward passes are float, so h must be large; its error is O(h^2), and the tolerance covers both. */
    private static final float H = 1e-2f;

    static Stream<Arguments> models() {
        Target number = new Target(Target.Kind.NUMERIC, List.of());
        Target binary = new Target(Target.Kind.BINARY, List.of("0", "1"));
        Target classes = new Target(Target.Kind.CLASSES, List.of("a", "b", "c"));
        return Stream.of(
                        Arguments.of("linear", null, null, number),
                        Arguments.of("linear", null, new LossSpec("huber", 0.5), number),
                        Arguments.of("logistic", null, null, binary),
                        Arguments.of("softmax", null, null, classes),
                        Arguments.of("mlp", "tanh", null, number),
                        Arguments.of("mlp", "sigmoid", null, binary),
                        Arguments.of("mlp", "gelu", null, classes),
                        Arguments.of("mlp", "relu", null, classes))
                .flatMap(each -> Stream.of(true, false)
                        .map(sparse ->
                                Arguments.of(each.get()[0], each.get()[1], each.get()[2], each.get()[3], sparse)));
    }

    @ParameterizedTest(name = "{0} {1} {2} sparse={4}")
    @MethodSource("models")
    void gradientAgreesWithCentralDifferences(
            String type, String activation, LossSpec loss, Target target, boolean sparse) {
        Network network = network(type, activation, loss, target);
        Batch batch = batch(target, sparse);
        float[] parameters = parameters(network);
        float[] gradient = new float[parameters.length];
        try (Network.Lane lane = network.newLane(ROWS)) {
            lane.load(parameters, 0, 0, parameters.length);
            LossSum sum = lane.gradient(batch, 1, gradient);
            assertEquals(ROWS, sum.rows());
            assertEquals(loss(lane, network, batch, parameters), sum.loss(), 1e-4);
            for (int i = 0; i < parameters.length; i++) {
                float kept = parameters[i];
                parameters[i] = kept + H;
                double up = loss(lane, network, batch, parameters);
                parameters[i] = kept - H;
                double down = loss(lane, network, batch, parameters);
                parameters[i] = kept;
                assertEquals(
                        (up - down) / (2 * H),
                        gradient[i],
                        2e-2 * Math.max(1, Math.abs(gradient[i])),
                        "parameter " + i);
            }
        }
    }

    /** Rows of two chunks in any order, some of them twice: what they are where they lie, and side by side. */
    @ParameterizedTest(name = "{0} {1} {2} sparse={4}")
    @MethodSource("models")
    void aSelectionGivesTheBitsOfItsRowsSideBySide(
            String type, String activation, LossSpec loss, Target target, boolean sparse) {
        Network network = network(type, activation, loss, target);
        Batch[] chunks = {batch(target, sparse, 3), batch(target, sparse, 4)};
        SplittableRandom random = new SplittableRandom(1);
        int rows = 150;
        int[] chunkOf = random.ints(rows + 5, 0, 2).toArray();
        int[] rowOf = random.ints(rows + 5, 0, ROWS).toArray();
        Selection selection = new Selection(rows, chunks, chunkOf, rowOf);
        Batch gathered = new BatchBuffer().gather(selection);
        for (int i = 0; i < rows; i++) {
            assertEquals(chunks[chunkOf[i]].labels()[rowOf[i]], gathered.labels()[i]);
            assertEquals(chunks[chunkOf[i]].weights()[rowOf[i]], gathered.weights()[i]);
            for (int j = 0; j < WIDTH; j++) {
                assertEquals(value(chunks[chunkOf[i]], rowOf[i], j), value(gathered, i, j));
            }
        }
        float[] parameters = parameters(network);
        float[] selected = new float[parameters.length];
        float[] whole = new float[parameters.length];
        try (Network.Lane lane = network.newLane(rows)) {
            lane.load(parameters, 0, 0, parameters.length);
            LossSum sum = lane.gradient(selection, 1, selected, Network.Ready.IGNORED);
            assertEquals(sum, lane.gradient(gathered, 1, whole));
        }
        assertArrayEquals(whole, selected);
    }

    private static float value(Batch batch, int row, int column) {
        return batch.isSparse() ? batch.values()[batch.rowStarts()[row] + column] : batch.dense()[row * WIDTH + column];
    }

    private static Network network(String type, String activation, LossSpec loss, Target target) {
        return Network.of(
                new ModelSpec(type, type.equals("mlp") ? List.of(4, 3) : null, activation, null, loss), WIDTH, target);
    }

    private static float[] parameters(Network network) {
        float[] parameters = new float[network.parameterCount()];
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < parameters.length; i++) {
            parameters[i] = (float) (random.nextDouble() - 0.5);
        }
        return parameters;
    }

    private static double loss(Network.Lane lane, Network network, Batch batch, float[] parameters) {
        lane.load(parameters, 0, 0, parameters.length);
        float[] scores = new float[ROWS * network.outputs()];
        lane.forward(batch, scores);
        double sum = 0;
        for (int row = 0; row < ROWS; row++) {
            sum += batch.weights()[row]
                    * network.loss().value(scores, row * network.outputs(), network.outputs(), batch.labels()[row]);
        }
        return sum;
    }

    private static Batch batch(Target target, boolean sparse) {
        return batch(target, sparse, 3);
    }

    private static Batch batch(Target target, boolean sparse, int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] dense = new float[ROWS * WIDTH];
        float[] labels = new float[ROWS];
        float[] weights = new float[ROWS];
        int[] starts = new int[ROWS + 1];
        int[] indices = new int[ROWS * WIDTH];
        for (int row = 0; row < ROWS; row++) {
            for (int j = 0; j < WIDTH; j++) {
                dense[row * WIDTH + j] = (float) (2 * random.nextDouble() - 1);
                indices[row * WIDTH + j] = j;
            }
            starts[row + 1] = (row + 1) * WIDTH;
            labels[row] = target.kind() == Target.Kind.NUMERIC
                    ? (float) random.nextDouble()
                    : random.nextInt(target.classes().size());
            weights[row] = 0.5f + row % 3;
        }
        return sparse
                ? Batch.sparse(ROWS, WIDTH, starts, indices, dense, labels, weights)
                : Batch.dense(ROWS, WIDTH, dense, labels, weights);
    }

    /** Many features and many rows: parameter and gradient lie side by side there, and the bits are those of plain loops. */
    @Test
    void aWideLinearModelGivesTheBitsOfPlainLoops() {
        int width = 1 << 17;
        int rows = 3_000;
        int nnz = 5;
        Target target = new Target(Target.Kind.BINARY, List.of("0", "1"));
        Network network = Network.of(new ModelSpec("logistic", null, null, null, null), width, target);
        SplittableRandom random = new SplittableRandom(9);
        int[] starts = new int[rows + 1];
        int[] indices = new int[rows * nnz];
        float[] values = new float[rows * nnz];
        float[] labels = new float[rows];
        float[] parameters = new float[width + 1];
        for (int row = 0; row < rows; row++) {
            starts[row + 1] = (row + 1) * nnz;
            labels[row] = random.nextInt(2);
            for (int i = 0; i < nnz; i++) {
                // Some features are in many rows.
                indices[row * nnz + i] = i * (width / nnz) + random.nextInt(row % 2 == 0 ? 3 : width / nnz);
                values[row * nnz + i] = (float) random.nextDouble();
            }
        }
        for (int i = 0; i <= width; i++) {
            parameters[i] = (float) random.nextDouble() - 0.5f;
        }
        float[] expected = new float[width + 1];
        double lossSum = 0;
        float[] score = new float[1];
        for (int row = 0; row < rows; row++) {
            score[0] = parameters[width];
            for (int i = starts[row]; i < starts[row + 1]; i++) {
                score[0] += values[i] * parameters[indices[i]];
            }
            lossSum += DerivativesTest.replaceByGradient(network.loss(), score, 0, 1, labels[row], 1);
            expected[width] += score[0];
            for (int i = starts[row]; i < starts[row + 1]; i++) {
                expected[indices[i]] += values[i] * score[0];
            }
        }
        Batch batch = Batch.sparse(rows, width, starts, indices, values, labels, null);
        float[] gradient = new float[width + 1];
        assertEquals(true, PairedGradient.pays(width + 1, 1, rows));
        try (Network.Lane lane = network.newLane(rows)) {
            for (int step = 0; step < 2; step++) {
                java.util.Arrays.fill(gradient, 7);
                lane.load(parameters, 0, 0, parameters.length);
                assertEquals(lossSum, lane.gradient(batch, 1, gradient).loss());
                assertArrayEquals(expected, gradient);
            }
        }
    }

    /**
     * Many outputs over sparse rows, with rows and features of 0 to 15 entries: the bits of adding one entry after the other,
     * each with one rounding, and but for roundings the gradient of the same rows laid dense.
     */
    @ParameterizedTest
    @ValueSource(ints = {0, 5})
    void aWideLayerOverSparseRowsGivesTheBitsOfPlainLoops(int hidden) {
        int width = 29;
        int rows = 16;
        int wide = SparseLayer.WIDE_MIN + 5;
        int classes = hidden == 0 ? wide : 3;
        Target target = new Target(
                Target.Kind.CLASSES,
                IntStream.range(0, classes).mapToObj(String::valueOf).toList());
        ModelSpec spec = hidden == 0
                ? new ModelSpec("softmax", null, null, null, null)
                : new ModelSpec("mlp", List.of(wide, hidden), "tanh", null, null);
        Network network = Network.of(spec, width, target);
        float[] parameters = parameters(network);
        Batch sparse = triangle(rows, width, classes);
        float[] dense = new float[rows * width];
        for (int row = 0; row < rows; row++) {
            for (int i = sparse.rowStarts()[row]; i < sparse.rowStarts()[row + 1]; i++) {
                dense[row * width + sparse.indices()[i]] = sparse.values()[i];
            }
        }
        float[] expected = new float[parameters.length];
        float[] gradient = new float[parameters.length];
        try (Network.Lane ofDense = network.newLane(rows);
                Network.Lane ofSparse = network.newLane(rows + 3)) {
            ofDense.load(parameters, 0, 0, parameters.length);
            LossSum loss = ofDense.gradient(Batch.dense(rows, width, dense, sparse.labels(), null), 1, expected);
            // As the values of three shards, before and after the lane saw what its batches are.
            for (int step = 0; step < 2; step++) {
                java.util.Arrays.fill(gradient, 7);
                int first = wide * 3 + 7;
                int second = width * wide + 2;
                ofSparse.load(parameters, 0, 0, first);
                ofSparse.load(parameters, second, second, parameters.length - second);
                ofSparse.load(parameters, first, first, second - first);
                assertEquals(loss.loss(), ofSparse.gradient(sparse, 1, gradient).loss(), 1e-5);
                assertArrayEquals(expected, gradient, 1e-5f);
                parameters[wide] += 0.25f;
                ofDense.load(parameters, 0, 0, parameters.length);
                loss = ofDense.gradient(Batch.dense(rows, width, dense, sparse.labels(), null), 1, expected);
            }
            parameters[wide] -= 0.25f;
            ofSparse.load(parameters, 0, 0, parameters.length);
            float[] scores = new float[rows * classes];
            ofSparse.forward(sparse, scores);
            if (hidden == 0) {
                assertArrayEquals(plainScores(sparse, parameters, wide), scores);
            }
        }
    }

    /** More rows than the layer takes in one block; its gradient is a sum in the order of rows all the same. */
    @Test
    void aWideLayerSumsItsGradientInTheOrderOfRows() {
        int width = 16;
        int rows = 300;
        int classes = SparseLayer.WIDE_MIN + 5;
        Target target = new Target(
                Target.Kind.CLASSES,
                IntStream.range(0, classes).mapToObj(String::valueOf).toList());
        Network network = Network.of(new ModelSpec("softmax", null, null, null, null), width, target);
        float[] parameters = parameters(network);
        Batch batch = triangle(rows, width, classes);
        float[] deltas = plainScores(batch, parameters, classes);
        float[] expected = new float[parameters.length];
        for (int row = 0; row < rows; row++) {
            int at = row * classes;
            DerivativesTest.replaceByGradient(network.loss(), deltas, at, classes, batch.labels()[row], 1);
            for (int j = 0; j < classes; j++) {
                expected[width * classes + j] += deltas[at + j];
                for (int i = batch.rowStarts()[row]; i < batch.rowStarts()[row + 1]; i++) {
                    int weight = batch.indices()[i] * classes + j;
                    expected[weight] = Math.fma(batch.values()[i], deltas[at + j], expected[weight]);
                }
            }
        }
        float[] gradient = new float[parameters.length];
        try (Network.Lane lane = network.newLane(rows)) {
            lane.load(parameters, 0, 0, parameters.length);
            for (int step = 0; step < 2; step++) {
                java.util.Arrays.fill(gradient, 7);
                lane.gradient(batch, 1, gradient);
                assertArrayEquals(expected, gradient);
            }
        }
    }

    /** Row r has its first r % 16 features, so features are in fewer rows the higher they are. */
    private static Batch triangle(int rows, int width, int classes) {
        SplittableRandom random = new SplittableRandom(11);
        int[] starts = new int[rows + 1];
        int[] indices = new int[rows * width];
        float[] values = new float[rows * width];
        float[] labels = new float[rows];
        int nnz = 0;
        for (int row = 0; row < rows; row++) {
            for (int feature = 0; feature < row % 16; feature++) {
                indices[nnz] = feature;
                values[nnz++] = (float) (random.nextDouble() - 0.5);
            }
            starts[row + 1] = nnz;
            labels[row] = random.nextInt(classes);
        }
        return Batch.sparse(rows, width, starts, indices, values, labels, null);
    }

    private static float[] plainScores(Batch batch, float[] parameters, int out) {
        float[] scores = new float[batch.rows() * out];
        for (int row = 0; row < batch.rows(); row++) {
            for (int j = 0; j < out; j++) {
                float sum = parameters[batch.width() * out + j];
                for (int i = batch.rowStarts()[row]; i < batch.rowStarts()[row + 1]; i++) {
                    sum = Math.fma(batch.values()[i], parameters[batch.indices()[i] * out + j], sum);
                }
                scores[row * out + j] = sum;
            }
        }
        return scores;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aLaneRefusesTheOtherKindOfBatch(boolean sparse) {
        Target target = new Target(Target.Kind.NUMERIC, List.of());
        Network network = network("mlp", "tanh", null, target);
        float[] gradient = new float[network.parameterCount()];
        try (Network.Lane lane = network.newLane(ROWS)) {
            lane.gradient(batch(target, sparse), 1, gradient);
            assertThatThrownBy(() -> lane.gradient(batch(target, !sparse), 1, gradient))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("its first one was " + (sparse ? "sparse" : "dense"));
        }
    }

    @Test
    void twoLanesGiveTheSameBits() {
        Target target = new Target(Target.Kind.CLASSES, List.of("a", "b", "c"));
        Network network = Network.of(new ModelSpec("mlp", List.of(16), "gelu", 0.5, null), WIDTH, target);
        float[] parameters = parameters(network);
        float[] first = new float[parameters.length];
        float[] second = new float[parameters.length];
        float[] other = new float[parameters.length];
        try (Network.Lane a = network.newLane(ROWS);
                Network.Lane b = network.newLane(ROWS + 9)) {
            a.load(parameters, 0, 0, parameters.length);
            b.load(parameters, 0, 0, parameters.length);
            a.gradient(batch(target, false), 42, first);
            b.gradient(batch(target, false), 42, second);
            a.gradient(batch(target, false), 43, other);
        }
        assertArrayEquals(first, second);
        assertEquals(false, java.util.Arrays.equals(first, other), "another seed must drop others");
    }
}
