package dev.sampo.model.feature;

import java.io.DataOutput;
import java.io.IOException;

/**
 * Count, mean, squared deviations and range of some numbers, by the parallel update of Chan, Golub and LeVeque, "Updating
 * Formulae and a Pairwise Algorithm for Computing Sample Variances", 1979. Not thread-safe.
 */
final class Moments {
    /** Bytes of the written form. */
    static final int BYTES = 40;

    long count;
    double mean;
    double m2;
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;

    void add(double x) {
        count++;
        double delta = x - mean;
        mean += delta / count;
        m2 += delta * (x - mean);
        min = Math.min(min, x);
        max = Math.max(max, x);
    }

    /** These and {@code times} equal values more, such as zeros that a sparse vector does not hold; this stays as it is. */
    Moments withRepeated(double x, long times) {
        Moments sum = new Moments();
        sum.merge(this);
        if (times > 0) {
            Moments same = new Moments();
            same.count = times;
            same.mean = x;
            same.min = x;
            same.max = x;
            sum.merge(same);
        }
        return sum;
    }

    void merge(Moments later) {
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

    void write(DataOutput out) throws IOException {
        out.writeLong(count);
        out.writeDouble(mean);
        out.writeDouble(m2);
        out.writeDouble(min);
        out.writeDouble(max);
    }

    static Moments read(StatisticsReader in, long rows) {
        Moments read = new Moments();
        read.count = in.count(rows);
        read.mean = in.real();
        read.m2 = in.real();
        read.min = in.real();
        read.max = in.real();
        boolean ordered = read.count == 0
                ? read.mean == 0 && read.m2 == 0 && read.min > read.max
                : read.min <= read.max && Double.isFinite(read.mean) && read.m2 >= 0 && Double.isFinite(read.m2);
        in.require(ordered, "moments that no numbers have");
        return read;
    }
}
