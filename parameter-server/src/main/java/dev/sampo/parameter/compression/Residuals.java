package dev.sampo.parameter.compression;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * What ranks have not sent of their gradients under top-k with error feedback: each step a rank adds its gradient to what it
 * kept, sends the k largest elements of each layer and keeps the rest (S. U. Stich, J.-B. Cordonnier and M. Jaggi, "Sparsified
 * SGD with Memory", 2018, algorithm 1; by layers as in A. F. Aji and K. Heafield, "Sparse Communication for Distributed
 * Gradient Descent", 2017).
 *
 * <p>At the last step before each checkpoint everything is sent, so that a checkpoint needs no residuals, and a rank that
 * begins at one has none. What a rank keeps in between is a function of its gradients since then, and lost with its worker:
 * then the job goes back to the checkpoint. A step may be computed again: what was kept before it is kept until the next.
 *
 * <p>Pure; one run owns it. Memory: two arrays of all parameters for each rank.
 */
public final class Residuals {
    private final double ratio;
    private final int parameters;
    private final int stepsPerEpoch;
    private final long everySteps;
    private final Map<Integer, Kept> kept = new HashMap<>();
    private long clock = -1;
    private int[] magnitudes = new int[0];

    /** Before and after the step at the clock, [parameters] each. */
    private static final class Kept {
        float[] before;
        float[] after;
        boolean computed;

        Kept(int parameters) {
            before = new float[parameters];
            after = new float[parameters];
        }
    }

    /**
     * @param ratio the share of each layer's elements to send, above 0 to 1
     * @param everySteps checkpoints at multiples of it beside those at every epoch's end; 0 for none
     */
    public Residuals(double ratio, int parameters, int stepsPerEpoch, long everySteps) {
        if (!(ratio > 0 && ratio <= 1)) {
            throw new IllegalArgumentException("a ratio of " + ratio + "; it must be > 0 and ≤ 1");
        }
        this.ratio = ratio;
        this.parameters = parameters;
        this.stepsPerEpoch = stepsPerEpoch;
        this.everySteps = everySteps;
    }

    /** Whether nothing is kept at that clock, for all was sent at the step before. */
    public boolean isEmptyAt(long at) {
        return at % stepsPerEpoch == 0 || everySteps > 0 && at % everySteps == 0;
    }

    /**
     * Goes to a clock with ranks [lo, hi).
     *
     * @return false if what one of them kept there is not known here
     */
    public boolean at(long newClock, int lo, int hi) {
        if (newClock == clock + 1) {
            kept.values().removeIf(each -> !each.computed);
            kept.values().forEach(each -> {
                float[] used = each.before;
                each.before = each.after;
                each.after = used;
                each.computed = false;
            });
        } else if (newClock != clock) {
            kept.clear();
        }
        clock = newClock;
        kept.keySet().removeIf(rank -> rank < lo || rank >= hi);
        if (!isEmptyAt(newClock)) {
            return kept.size() == hi - lo;
        }
        for (int rank = lo; rank < hi; rank++) {
            kept.computeIfAbsent(rank, fresh -> new Kept(parameters));
        }
        return true;
    }

    /**
     * Turns elements [from, to) of a rank's gradient, which are a layer's, into what it sends.
     *
     * @param gradient [parameters]
     */
    public void select(int rank, float[] gradient, int from, int to) {
        Kept own = kept.get(rank);
        if (own == null) {
            throw new IllegalStateException("what rank " + rank + " kept at clock " + clock + " is not here");
        }
        own.computed = true;
        for (int i = from; i < to; i++) {
            gradient[i] += own.before[i];
        }
        if (isEmptyAt(clock + 1)) {
            Arrays.fill(own.after, from, to, 0f);
            return;
        }
        int length = to - from;
        int count = (int) Math.max(1, Math.ceil(ratio * length));
        if (count >= length) {
            Arrays.fill(own.after, from, to, 0f);
            return;
        }
        int threshold = kthLargest(gradient, from, to, count);
        // Of those that are as large as the smallest sent, the first.
        int ties = count;
        for (int i = from; i < to; i++) {
            ties -= magnitude(gradient[i]) > threshold ? 1 : 0;
        }
        for (int i = from; i < to; i++) {
            int magnitude = magnitude(gradient[i]);
            boolean sent = magnitude > threshold || magnitude == threshold && ties-- > 0;
            own.after[i] = sent ? 0f : gradient[i];
            gradient[i] = sent ? gradient[i] : 0f;
        }
    }

    /** Ordered as the magnitudes are; NaN is the largest, so that it is sent and found. */
    private static int magnitude(float value) {
        return Float.floatToRawIntBits(value) & 0x7FFF_FFFF;
    }

    /** C. A. R. Hoare, "Algorithm 65: Find", 1961, with the median of three as the pivot. */
    private int kthLargest(float[] values, int from, int to, int k) {
        int length = to - from;
        if (magnitudes.length < length) {
            magnitudes = new int[length];
        }
        int[] m = magnitudes;
        for (int i = 0; i < length; i++) {
            m[i] = magnitude(values[from + i]);
        }
        int target = length - k;
        int lo = 0;
        int hi = length - 1;
        while (lo < hi) {
            int pivot = median(m[lo], m[lo + hi >>> 1], m[hi]);
            int i = lo;
            int j = hi;
            while (i <= j) {
                while (m[i] < pivot) {
                    i++;
                }
                while (m[j] > pivot) {
                    j--;
                }
                if (i <= j) {
                    int swapped = m[i];
                    m[i++] = m[j];
                    m[j--] = swapped;
                }
            }
            if (target <= j) {
                hi = j;
            } else if (target >= i) {
                lo = i;
            } else {
                break;
            }
        }
        return m[target];
    }

    private static int median(int a, int b, int c) {
        return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    }
}
