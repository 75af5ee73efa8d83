package dev.sampo.model.feature;

import com.datadoghq.sketch.ddsketch.DDSketch;
import com.datadoghq.sketch.ddsketch.DDSketches;
import com.datadoghq.sketch.ddsketch.encoding.ByteArrayInput;
import com.datadoghq.sketch.ddsketch.encoding.GrowingByteArrayOutput;
import com.datadoghq.sketch.ddsketch.store.UnboundedSizeDenseStore;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * Mergeable statistics of one numeric column: moments by the parallel update of Chan, Golub and LeVeque, "Updating Formulae
 * and a Pairwise Algorithm for Computing Sample Variances", 1979; quantiles by DDSketch (Masson et al., VLDB 2019), which is
 * deterministic. Two merges in the same order give the same bits. Not thread-safe.
 */
final class ColumnStatistics {
    private static final double ACCURACY = 0.001;
    private static final int SKETCH_BYTES_MAX = 1 << 24;
    long count;
    long missing;
    double mean;
    double m2;
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    private DDSketch sketch = DDSketches.unboundedDense(ACCURACY);

    /** Adds a value without the sketch, for vectors: nobody asks their quantiles. */
    void addMoments(double x) {
        count++;
        double delta = x - mean;
        mean += delta / count;
        m2 += delta * (x - mean);
        min = Math.min(min, x);
        max = Math.max(max, x);
    }

    void add(double x) {
        addMoments(x);
        sketch.accept(x);
    }

    /** The same with {@code times} equal values more in the moments, such as zeros that a sparse vector does not hold. */
    ColumnStatistics withRepeated(double x, long times) {
        ColumnStatistics sum = new ColumnStatistics();
        sum.sketch = sketch;
        sum.mergeMoments(this);
        if (times > 0) {
            ColumnStatistics same = new ColumnStatistics();
            same.count = times;
            same.mean = x;
            same.min = x;
            same.max = x;
            sum.mergeMoments(same);
        }
        return sum;
    }

    void merge(ColumnStatistics later) {
        mergeMoments(later);
        missing += later.missing;
        sketch.mergeWith(later.sketch);
    }

    private void mergeMoments(ColumnStatistics later) {
        if (later.count == 0) {
            return;
        }
        if (count == 0) {
            // The update below would round the mean, and give a constant column a deviation.
            count = later.count;
            mean = later.mean;
            m2 = later.m2;
            min = later.min;
            max = later.max;
            return;
        }
        long total = count + later.count;
        double delta = later.mean - mean;
        m2 += later.m2 + delta * delta * ((double) count * later.count / total);
        mean += delta * later.count / total;
        count = total;
        min = Math.min(min, later.min);
        max = Math.max(max, later.max);
    }

    /** Population standard deviation; exactly 0 for a constant column, whatever its sums rounded to. */
    double deviation() {
        return count == 0 || min == max ? 0 : Math.sqrt(m2 / count);
    }

    double quantile(double q) {
        return sketch.isEmpty() ? 0 : Math.max(min, Math.min(max, sketch.getValueAtQuantile(q)));
    }

    void write(DataOutput out) throws IOException {
        out.writeLong(count);
        out.writeLong(missing);
        out.writeDouble(mean);
        out.writeDouble(m2);
        out.writeDouble(min);
        out.writeDouble(max);
        GrowingByteArrayOutput bytes = GrowingByteArrayOutput.withDefaultInitialCapacity();
        sketch.encode(bytes, false);
        byte[] encoded = java.util.Arrays.copyOf(bytes.backingArray(), bytes.numWrittenBytes());
        out.writeInt(encoded.length);
        out.write(encoded);
    }

    static ColumnStatistics read(DataInput in) throws IOException {
        ColumnStatistics read = new ColumnStatistics();
        read.count = in.readLong();
        read.missing = in.readLong();
        read.mean = in.readDouble();
        read.m2 = in.readDouble();
        read.min = in.readDouble();
        read.max = in.readDouble();
        int length = in.readInt();
        if (length < 0 || length > SKETCH_BYTES_MAX) {
            throw new IOException("a sketch claims " + length + " bytes");
        }
        byte[] encoded = new byte[length];
        in.readFully(encoded);
        read.sketch = DDSketch.decode(ByteArrayInput.wrap(encoded), UnboundedSizeDenseStore::new);
        return read;
    }
}
