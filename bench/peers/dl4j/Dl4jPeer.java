import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/**
 * The multi-layer perceptron 784-256-10 by DL4J's ParallelWrapper with 2 workers, synchronous (averaging after each step):
 * {@code IMAGES LABELS BATCH EPOCHS}. The mini-batches are made before the clock starts.
 */
public final class Dl4jPeer {
    public static void main(String[] args) throws Exception {
        int batch = Integer.parseInt(args[2]);
        int epochs = Integer.parseInt(args[3]);
        byte[] pixels = Files.readAllBytes(Path.of(args[0]));
        byte[] classes = Files.readAllBytes(Path.of(args[1]));
        int rows = classes.length - 8;
        List<DataSet> batches = new ArrayList<>();
        for (int from = 0; from < rows; from += batch) {
            batches.add(batch(pixels, classes, from, Math.min(rows, from + batch)));
        }
        var network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Adam(1e-3))
                .list()
                .layer(new DenseLayer.Builder().nIn(784).nOut(256).activation(Activation.RELU).build())
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                        .nIn(256)
                        .nOut(10)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
        network.init();
        var wrapper = new ParallelWrapper.Builder<>(network)
                .workers(2)
                .trainingMode(ParallelWrapper.TrainingMode.AVERAGING)
                .averagingFrequency(1)
                .prefetchBuffer(8)
                .build();
        List<Double> seconds = new ArrayList<>();
        Random random = new Random(1);
        for (int epoch = 0; epoch < epochs; epoch++) {
            Collections.shuffle(batches, random);
            long began = System.nanoTime();
            wrapper.fit(new ListDataSetIterator<>(batches, batch));
            seconds.add((System.nanoTime() - began) / 1e9);
        }
        System.out.println("{\"rowsPerEpoch\": " + rows + ", \"seconds\": " + seconds + ", \"version\": \"1.0.0-M2.1\"}");
        System.exit(0);
    }

    private static DataSet batch(byte[] pixels, byte[] classes, int from, int to) {
        float[] x = new float[(to - from) * 784];
        for (int i = 0; i < x.length; i++) {
            x[i] = (pixels[16 + from * 784 + i] & 0xff) / 255f;
        }
        float[] y = new float[(to - from) * 10];
        for (int row = from; row < to; row++) {
            y[(row - from) * 10 + classes[8 + row]] = 1;
        }
        INDArray features = Nd4j.createFromArray(x).reshape(to - from, 784);
        return new DataSet(features, Nd4j.createFromArray(y).reshape(to - from, 10));
    }
}
