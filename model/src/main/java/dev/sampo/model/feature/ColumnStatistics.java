package dev.sampo.model.feature;

import com.datadoghq.sketch.ddsketch.DDSketch;
import com.datadoghq.sketch.ddsketch.DDSketches;
import com.datadoghq.sketch.ddsketch.encoding.ByteArrayInput;
import com.datadoghq.sketch.ddsketch.encoding.GrowingByteArrayOutput;
import com.datadoghq.sketch.ddsketch.store.SparseStore;
import com.datadoghq.sketch.ddsketch.store.Store;
import com.datadoghq.sketch.ddsketch.store.UnboundedSizeDenseStore;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Mergeable statistics of one numeric column: moments, missing values, and where the fit asks for them quantiles by DDSketch
 * (Masson et al., VLDB 2019), which is deterministic. Two merges in the same order give the same bits. Not thread-safe.
 */
final class ColumnStatistics {
    private static final double ACCURACY = 0.001;
    /** Every finite double is within these bins; a dense store of more is no sketch of ours. */
    private static final int BIN_MAX = 1 << 20;

    final Moments moments;
    long missing;
    long zeros;
    private final @Nullable DDSketch sketch;

    ColumnStatistics(boolean quantiles) {
        this(new Moments(), quantiles ? DDSketches.unboundedDense(ACCURACY) : null);
    }

    private ColumnStatistics(Moments moments, @Nullable DDSketch sketch) {
        this.moments = moments;
        this.sketch = sketch;
    }

    void add(double x) {
        moments.add(x);
        zeros += x == 0 ? 1 : 0;
        if (sketch != null) {
            sketch.accept(x);
        }
    }

    void merge(ColumnStatistics later) {
        moments.merge(later.moments);
        missing += later.missing;
        zeros += later.zeros;
        if (sketch != null && later.sketch != null) {
            sketch.mergeWith(later.sketch);
        }
    }

    double quantile(double q) {
        if (sketch == null) {
            throw new IllegalStateException("quantiles must be asked for at construction");
        }
        return sketch.isEmpty() ? 0 : Math.max(moments.min, Math.min(moments.max, sketch.getValueAtQuantile(q)));
    }

    void write(DataOutput out) throws IOException {
        moments.write(out);
        out.writeLong(missing);
        out.writeLong(zeros);
        if (sketch != null) {
            GrowingByteArrayOutput bytes = GrowingByteArrayOutput.withDefaultInitialCapacity();
            sketch.encode(bytes, true);
            byte[] encoded = Arrays.copyOf(bytes.backingArray(), bytes.numWrittenBytes());
            out.writeInt(encoded.length);
            out.write(encoded);
        }
    }

    static ColumnStatistics read(StatisticsReader in, boolean quantiles, long rows) {
        Moments moments = Moments.read(in, rows);
        long missing = in.count(rows);
        in.require(moments.count + missing == rows, "a column must have " + rows + " values, missing ones too");
        long zeros = in.count(moments.count);
        ColumnStatistics read =
                new ColumnStatistics(moments, quantiles ? readSketch(in, in.bytes(), moments.count) : null);
        read.missing = missing;
        read.zeros = zeros;
        return read;
    }

    private static DDSketch readSketch(StatisticsReader in, byte[] encoded, long count) {
        try {
            var mapping = DDSketches.unboundedDense(ACCURACY).getIndexMapping();
            // Damaged bytes may name any bin: a sparse store takes memory by their length, a dense one by the bins'
            // range.
            DDSketch trial = DDSketch.decode(ByteArrayInput.wrap(encoded), SparseStore::new, mapping);
            in.require(
                    isWithinBins(trial.getPositiveValueStore())
                            && isWithinBins(trial.getNegativeValueStore())
                            && trial.getCount() == count,
                    "a quantile sketch of other values than the column's");
            return DDSketch.decode(ByteArrayInput.wrap(encoded), UnboundedSizeDenseStore::new, mapping);
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException("damaged fit statistics: a quantile sketch, " + e.getMessage(), e);
        }
    }

    private static boolean isWithinBins(Store store) {
        boolean[] within = {true};
        store.forEach((bin, count) -> within[0] &= Math.abs((long) bin) <= BIN_MAX && count > 0);
        return within[0];
    }
}
