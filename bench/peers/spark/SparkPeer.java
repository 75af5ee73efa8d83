import org.apache.spark.ml.classification.LogisticRegression;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Logistic regression by Spark MLlib on 2 threads of one process: {@code FILE FEATURES ITERATIONS}. The rows are parsed and
 * cached before the clock starts; an iteration of L-BFGS reads every row about once.
 */
public final class SparkPeer {
    public static void main(String[] args) {
        SparkSession spark = SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .config("spark.sql.shuffle.partitions", "2")
                .getOrCreate();
        spark.sparkContext().setLogLevel("ERROR");
        Dataset<Row> rows = spark.read()
                .format("libsvm")
                .option("numFeatures", args[1])
                .load(args[0])
                // The labels are -1 and 1; MLlib counts classes from 0.
                .withColumn("label", functions.expr("(label + 1) / 2"))
                .coalesce(2)
                .cache();
        long count = rows.count();
        LogisticRegression regression =
                new LogisticRegression().setMaxIter(Integer.parseInt(args[2])).setTol(0).setStandardization(false);
        regression.fit(rows);
        long began = System.nanoTime();
        var model = regression.fit(rows);
        double seconds = (System.nanoTime() - began) / 1e9;
        double[] losses = model.summary().objectiveHistory();
        System.out.println("{\"rowsPerEpoch\": " + count + ", \"iterations\": " + model.summary().totalIterations()
                + ", \"fitSeconds\": " + seconds + ", \"loss\": " + losses[losses.length - 1] + ", \"version\": \""
                + spark.version() + "\"}");
        spark.stop();
    }
}
