package dev.sampo.parameter.shard;

import dev.sampo.parameter.optimizer.Optimizer;
import dev.sampo.parameter.optimizer.Schedule;
import dev.sampo.parameter.shard.RankTree.Block;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * The values, optimizer state and clock of one parameter shard: a pure state machine that takes contributions and
 * applies steps (invariants I1 and I2). Not thread-safe; one {@link ParameterShard} owns it.
 *
 * <p>Values are double-buffered: a step reads the values of clock t and writes those of t + 1 to the other array. The
 * array of clock t is written again only by the step t + 1 to t + 2, which needs every rank's contribution to t + 1 at
 * this shard, and so, since a worker contributes to t + 1 only when it has all shards' values of t + 1, every shard
 * beyond t. So a reader of this JVM may hold on to the array of clock t while anything it computes from it can count.
 */
public final class ShardState {
    /** What became of a contribution. */
    public enum Taken {
        /** Counted; other ranks are still missing. */
        WAITING,
        /** Counted, and all ranks are there now. */
        COMPLETE,
        /** Its ranks were there already, or its clock is past: nothing changed. */
        REPEATED,
        /** For a clock this shard has not reached; no correct worker sends this. */
        AHEAD
    }

    private final ShardPlan plan;
    private final Optimizer optimizer;
    private final Schedule schedule;
    private final Reduction reduction;
    private final float[][] buffers;
    private final float[][] slots;
    private final float[] tile = new float[Reduction.TILE];
    private final long startClock;
    private long clock;
    private Ledger ledger;
    private double lastSquaredNorm = Double.NaN;

    /**
     * One applied step but for the sum of the gradients: with it, a replica's update is the same bits.
     *
     * @param squaredNorm of this shard's part of the mean gradient under clipping by norm, otherwise NaN
     */
    public record Step(long rows, double weight, double loss, float clipFactor, double squaredNorm) {}

    /** Where the sum over ranks of elements [from, from + length) comes from. */
    private interface GradientSum {
        void read(int from, int length, float[] target);
    }

    /**
     * What was applied so far, exact.
     *
     * @param rowsApplied rows of all steps since the job's start
     * @param epochWeight sum of sample weights since the epoch's start
     * @param epochLoss weighted sum of losses since the epoch's start
     * @param stepLoss mean loss of the last step, NaN before the first
     */
    public record Ledger(long rowsApplied, double epochWeight, double epochLoss, double stepLoss) {
        static final Ledger EMPTY = new Ledger(0, 0, 0, Double.NaN);
    }

    /** A step whose gradient or loss is not finite. */
    public static final class DivergedException extends Exception {
        private static final long serialVersionUID = 1L;

        DivergedException(String message) {
            super(message);
        }
    }

    public ShardState(ShardPlan plan, ShardSnapshot from) {
        if (from.values().length != plan.length()) {
            throw new IllegalArgumentException("shard " + plan.index() + " has " + plan.length()
                    + " parameters but its snapshot " + from.values().length);
        }
        this.plan = plan;
        optimizer = Optimizer.of(plan.optimizer());
        schedule = Schedule.of(plan.schedule(), plan.totalSteps());
        reduction = new Reduction(plan.ranks());
        startClock = from.clock();
        clock = startClock;
        ledger = from.ledger();
        buffers = new float[2][];
        buffers[(int) (clock & 1)] = from.values();
        buffers[(int) (clock + 1 & 1)] = new float[plan.length()];
        slots = from.slots().length == 0 ? initialSlots() : from.slots();
        if (slots.length != optimizer.slots()) {
            throw new IllegalArgumentException("the snapshot of shard " + plan.index() + " has " + slots.length
                    + " optimizer slots but " + plan.optimizer().type() + " needs " + optimizer.slots());
        }
    }

    private float[][] initialSlots() {
        BitSet regularized = new BitSet(plan.length());
        plan.regularized().forEach(range -> regularized.set(range.from(), range.to()));
        return optimizer.initialState(values(), rate(), regularized::get);
    }

    /** The learning rate of the step that comes next. */
    private float rate() {
        return (float) (optimizer.learningRate() * schedule.factor(clock));
    }

    public ShardPlan plan() {
        return plan;
    }

    public long clock() {
        return clock;
    }

    public Ledger ledger() {
        return ledger;
    }

    /** Values [length] at {@link #clock()}; the reader must not write. */
    public float[] values() {
        return buffers[(int) (clock & 1)];
    }

    /** Whether the values of {@code wanted} are still here: the current clock, or the one before. */
    public boolean hasValuesAt(long wanted) {
        return wanted == clock || wanted == clock - 1 && wanted >= startClock;
    }

    /** Values at the current clock or the one before it. */
    public float[] valuesAt(long wanted) {
        if (!hasValuesAt(wanted)) {
            throw new IllegalArgumentException("values of clock " + wanted + " are gone; the clock is " + clock);
        }
        return buffers[(int) (wanted & 1)];
    }

    /** How many ranks are counted at the current clock. */
    public int ranksCovered() {
        return reduction.covered();
    }

    /** Counts the partial gradient sum of ranks {@code block} at {@code at}; keeps a reference until the step is applied. */
    public Taken contribute(long at, Block block, float[] gradient, int offset, long rows, double weight, double loss) {
        if (at < clock) {
            return Taken.REPEATED;
        }
        if (at > clock) {
            return Taken.AHEAD;
        }
        if (!reduction.take(new Reduction.Part(block, gradient, offset, rows, weight, loss))) {
            return Taken.REPEATED;
        }
        return reduction.isComplete() ? Taken.COMPLETE : Taken.WAITING;
    }

    public boolean isComplete() {
        return reduction.isComplete();
    }

    /** Whether applying needs the gradient norm over all shards first. */
    public boolean needsNorm() {
        return plan.clipNorm() != null;
    }

    /** The squared L2 norm of this shard's part of the mean gradient, in index order; only when complete. */
    public double squaredNorm() {
        lastSquaredNorm = computeSquaredNorm();
        return lastSquaredNorm;
    }

    /** The norm of the step applied last, for a worker that asks late; NaN where it is not known. */
    public double lastSquaredNorm() {
        return lastSquaredNorm;
    }

    private double computeSquaredNorm() {
        Reduction.Totals totals = reduction.totals();
        if (totals.weight() == 0) {
            return 0;
        }
        float mean = (float) (1 / totals.weight());
        double sum = 0;
        for (int from = 0; from < plan.length(); from += Reduction.TILE) {
            int length = Math.min(Reduction.TILE, plan.length() - from);
            reduction.sum(from, length, tile);
            for (int i = 0; i < length; i++) {
                double g = tile[i] * mean;
                sum += g * g;
            }
        }
        return sum;
    }

    /** The factor that brings a gradient of that squared norm down to {@code clipNorm}; 1 if it is shorter. */
    public static float clipFactor(double squaredNorm, double clipNorm) {
        double norm = Math.sqrt(squaredNorm);
        return norm > clipNorm ? (float) (clipNorm / norm) : 1f;
    }

    /**
     * Applies the complete step once and advances the clock: reduction, clipping and optimizer in one pass over memory.
     * A step without weight (every rank had run out of rows) changes no value.
     *
     * @param sum [length], takes the sum of the gradients for a replica; or null
     */
    public Step apply(float clipFactor, float @Nullable [] sum) throws DivergedException {
        if (!reduction.isComplete()) {
            throw new IllegalStateException(
                    "only " + reduction.covered() + " of " + plan.ranks() + " ranks contributed");
        }
        Reduction.Totals totals = reduction.totals();
        Step step = new Step(totals.rows(), totals.weight(), totals.loss(), clipFactor, lastSquaredNorm);
        advance(step, (from, length, target) -> {
            reduction.sum(from, length, target);
            if (sum != null) {
                System.arraycopy(target, 0, sum, from, length);
            }
        });
        reduction.clear();
        return step;
    }

    /** Applies a step that another copy of this shard applied at the same clock; {@code sum} is [length]. */
    public void replay(Step step, float[] sum) throws DivergedException {
        if (sum.length != plan.length()) {
            throw new IllegalArgumentException("a step of " + sum.length + " values for a shard of " + plan.length());
        }
        lastSquaredNorm = step.squaredNorm();
        advance(step, (from, length, target) -> System.arraycopy(sum, from, target, 0, length));
        reduction.clear();
    }

    private void advance(Step step, GradientSum sum) throws DivergedException {
        if (!Double.isFinite(step.loss())) {
            throw new DivergedException("the loss is " + step.loss());
        }
        float[] source = values();
        float[] target = buffers[(int) (clock + 1 & 1)];
        if (step.weight() > 0) {
            update(source, target, (float) (1 / step.weight()) * step.clipFactor(), sum);
        } else {
            System.arraycopy(source, 0, target, 0, source.length);
        }
        boolean epochBegins = clock % plan.stepsPerEpoch() == 0;
        clock++;
        ledger = new Ledger(
                ledger.rowsApplied + step.rows(),
                (epochBegins ? 0 : ledger.epochWeight) + step.weight(),
                (epochBegins ? 0 : ledger.epochLoss) + step.loss(),
                step.weight() > 0 ? step.loss() / step.weight() : ledger.stepLoss);
    }

    private void update(float[] source, float[] target, float scale, GradientSum sum) throws DivergedException {
        float rate = rate();
        double l1 = plan.regularization() == null ? 0 : plan.regularization().l1OrZero();
        double l2 = plan.regularization() == null ? 0 : plan.regularization().l2OrZero();
        int nextRange = 0;
        for (int from = 0; from < plan.length(); from += Reduction.TILE) {
            int length = Math.min(Reduction.TILE, plan.length() - from);
            sum.read(from, length, tile);
            scaleAndClip(tile, length, scale);
            // Alternate plain and regularised segments of the tile, in index order.
            int at = from;
            int end = from + length;
            while (at < end) {
                while (nextRange < plan.regularized().size()
                        && plan.regularized().get(nextRange).to() <= at) {
                    nextRange++;
                }
                boolean inside = nextRange < plan.regularized().size()
                        && plan.regularized().get(nextRange).from() <= at;
                int until = nextRange >= plan.regularized().size()
                        ? end
                        : Math.min(
                                end,
                                inside
                                        ? plan.regularized().get(nextRange).to()
                                        : plan.regularized().get(nextRange).from());
                optimizer.apply(
                        source, target, tile, at - from, slots, at, until, rate, clock + 1, inside, (float) l1, (float)
                                l2);
                at = until;
            }
        }
    }

    /** tile[i] = tile[i] * scale, clamped to the spec's value; refuses NaN and infinity. */
    private void scaleAndClip(float[] gradient, int length, float scale) throws DivergedException {
        int largestExponent = 0;
        for (int i = 0; i < length; i++) {
            float g = gradient[i] * scale;
            largestExponent = Math.max(largestExponent, Float.floatToRawIntBits(g) & 0x7f800000);
            gradient[i] = g;
        }
        if (largestExponent == 0x7f800000) {
            throw new DivergedException("the gradient has a value that is not finite");
        }
        if (plan.clipValue() != null) {
            float limit = plan.clipValue().floatValue();
            for (int i = 0; i < length; i++) {
                gradient[i] = Math.max(-limit, Math.min(limit, gradient[i]));
            }
        }
    }

    /** A copy of everything at the current clock, safe to write out while steps go on. */
    public ShardSnapshot snapshot() {
        float[][] copies = new float[slots.length][];
        for (int i = 0; i < copies.length; i++) {
            copies[i] = slots[i].clone();
        }
        return new ShardSnapshot(plan.index(), clock, values().clone(), copies, ledger);
    }
}
