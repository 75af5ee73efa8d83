package dev.sampo.parameter.shard;

import dev.sampo.parameter.optimizer.Optimizer;
import dev.sampo.parameter.optimizer.Schedule;
import dev.sampo.parameter.shard.RankTree.Block;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The values, optimizer state and clock of one parameter shard: a pure state machine that takes contributions and
 * applies steps (invariants I1 and I2). Not thread-safe; one {@link ParameterShard} owns it.
 *
 * <p>Its version counts the updates applied. In a synchronous job an update is a step of all ranks, and the version is the
 * clock; otherwise it is one rank's contribution, each rank has a clock of its own here, and the shard's is the lowest.
 *
 * <p>Values are double-buffered: a step reads the values of clock t and writes those of t + 1 to the other array. The
 * array of clock t is written again only by the step t + 1 to t + 2, which needs every rank's contribution to t + 1 at
 * this shard, and so, since a worker contributes to t + 1 only when it has all shards' values of t + 1, every shard
 * beyond t. So a reader of this JVM may hold on to the array of clock t while anything it computes from it can count.
 * Where steps are not synchronous that does not hold, and readers get copies.
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
    /** [TILE], stays zero while all gradients are finite. */
    private final float[] finite = new float[Reduction.TILE];
    /** [length], the mean gradient: indexed like the values, or the compiler would not vectorise the optimizer's loops. */
    private final float[] gradient;

    private final long startVersion;
    private final boolean synchronous;
    /** [ranks], the clock each rank contributes to next; empty in a synchronous job. */
    private final long[] rankClocks;

    /** The one contribution to apply where steps are not synchronous. */
    private @Nullable PartialSum alone;

    private long aloneBehind;
    /** Only while an update is applied: the sum that another copy applied, and where it goes for other copies. */
    private float @Nullable [] replayed;

    private float @Nullable [] sumForCopies;
    private long version;
    // What makes a Ledger, kept apart: a step leaves none on the heap.
    private long rowsApplied;
    private double epochWeight;
    private double epochLoss;
    private double stepLoss;
    private long contributions;
    private long behindSum;
    private long behindMax;
    private double lastSquaredNorm = Double.NaN;

    /**
     * One applied update but for the sum of the gradients: with it, a replica's update is the same bits.
     *
     * @param rank whose contribution it is, or {@link #ALL_RANKS}
     * @param behind updates between the values it was computed on and itself; 0 in a synchronous job
     * @param squaredNorm of this shard's part of the mean gradient under clipping by norm, otherwise NaN
     */
    public record Step(
            int rank, long behind, long rows, double weight, double loss, float clipFactor, double squaredNorm) {
        /** As a rank: the update is a synchronous step. */
        public static final int ALL_RANKS = -1;
    }

    /**
     * What was applied so far, exact.
     *
     * @param rowsApplied rows of all steps since the job's start
     * @param epochWeight sum of sample weights since the epoch's start
     * @param epochLoss weighted sum of losses since the epoch's start
     * @param stepLoss mean loss of the last step, NaN before the first
     * @param contributions how many ranks' contributions the updates are made of
     * @param behindSum over all contributions, of the updates between the values it was computed on and itself
     * @param behindMax the largest of those
     */
    public record Ledger(
            long rowsApplied,
            double epochWeight,
            double epochLoss,
            double stepLoss,
            long contributions,
            long behindSum,
            long behindMax) {
        static final Ledger EMPTY = new Ledger(0, 0, 0, Double.NaN, 0, 0, 0);
    }

    /** A step whose gradient or loss is not finite. */
    public static final class DivergedException extends Exception {
        private static final long serialVersionUID = 1L;

        DivergedException(String message) {
            super(message);
        }
    }

    public ShardState(ShardPlan plan, ShardSnapshot from) {
        if (from.index() != plan.index()) {
            throw new IllegalArgumentException(
                    "the snapshot is of shard " + from.index() + " but the plan of shard " + plan.index());
        }
        if (from.values().length != plan.length()) {
            throw new IllegalArgumentException("shard " + plan.index() + " has " + plan.length()
                    + " parameters but its snapshot " + from.values().length);
        }
        this.plan = plan;
        optimizer = Optimizer.of(plan.optimizer());
        schedule = Schedule.of(plan.schedule(), plan.totalSteps());
        reduction = new Reduction(plan.ranks(), plan.compression());
        synchronous = plan.consistency().synchronous();
        rankClocks = synchronous ? new long[0] : rankClocks(plan, from);
        version = synchronous ? from.clock() : Arrays.stream(rankClocks).sum();
        startVersion = version;
        rowsApplied = from.ledger().rowsApplied();
        epochWeight = from.ledger().epochWeight();
        epochLoss = from.ledger().epochLoss();
        stepLoss = from.ledger().stepLoss();
        contributions = from.ledger().contributions();
        behindSum = from.ledger().behindSum();
        behindMax = from.ledger().behindMax();
        gradient = new float[plan.length()];
        buffers = new float[2][];
        buffers[(int) (version & 1)] = from.values();
        buffers[(int) (version + 1 & 1)] = new float[plan.length()];
        slots = from.slots().length == 0 ? initialSlots() : from.slots();
        if (slots.length != optimizer.slots()) {
            throw new IllegalArgumentException("the snapshot of shard " + plan.index() + " has " + slots.length
                    + " optimizer slots but " + plan.optimizer().type() + " needs " + optimizer.slots());
        }
    }

    private static long[] rankClocks(ShardPlan plan, ShardSnapshot from) {
        if (from.clock() == 0 && from.rankClocks().length == 0) {
            return new long[plan.ranks()];
        }
        if (from.rankClocks().length != plan.ranks()) {
            throw new IllegalArgumentException("the snapshot of shard " + plan.index() + " has the clocks of "
                    + from.rankClocks().length + " ranks, not of " + plan.ranks());
        }
        return from.rankClocks().clone();
    }

    private float[][] initialSlots() {
        BitSet regularized = new BitSet(plan.length());
        plan.regularized().forEach(range -> regularized.set(range.from(), range.to()));
        return optimizer.initialState(values(), rate(clock()), regularized::get);
    }

    /** The learning rate of a contribution to {@code at}. */
    private float rate(long at) {
        return (float) (optimizer.learningRate() * schedule.factor(at));
    }

    public ShardPlan plan() {
        return plan;
    }

    /** The clock that the slowest rank contributes to next. */
    public long clock() {
        return synchronous ? version : Arrays.stream(rankClocks).min().orElseThrow();
    }

    /** How many updates were applied. */
    public long version() {
        return version;
    }

    /** The clock that a rank contributes to next; the shard's if {@code rank} is {@link Step#ALL_RANKS}. */
    public long clock(int rank) {
        return synchronous || rank == Step.ALL_RANKS ? clock() : rankClocks[rank];
    }

    public Ledger ledger() {
        return new Ledger(rowsApplied, epochWeight, epochLoss, stepLoss, contributions, behindSum, behindMax);
    }

    /** As in the {@link #ledger}. */
    public long rowsApplied() {
        return rowsApplied;
    }

    /** As in the {@link #ledger}. */
    public double stepLoss() {
        return stepLoss;
    }

    /** Values [length] at {@link #version()}; the reader must not write. */
    public float[] values() {
        return buffers[(int) (version & 1)];
    }

    /** Whether the values of a version are still here: the current one, or the one before. */
    public boolean hasValuesAt(long wanted) {
        return wanted == version || wanted == version - 1 && wanted >= startVersion;
    }

    /** Values at the current version or the one before it. */
    public float[] valuesAt(long wanted) {
        if (!hasValuesAt(wanted)) {
            throw new IllegalArgumentException("values of clock " + wanted + " are gone; the clock is " + version);
        }
        return buffers[(int) (wanted & 1)];
    }

    /** In a synchronous job: the ranks that have not contributed to the current clock, as ascending ranges. */
    public List<Block> missingRanks() {
        return reduction.missing();
    }

    /** How many ranks are counted at the current clock. */
    public int ranksCovered() {
        return reduction.covered();
    }

    /**
     * Counts a partial gradient sum at {@code at}; keeps a reference until it is applied.
     *
     * @param basis the version of the values it was computed on; of use only where steps are not synchronous
     * @throws IllegalArgumentException if there can be no such contribution
     */
    public Taken contribute(long at, PartialSum part, long basis) {
        if (part.rows() < 0 || !(part.weight() >= 0) || part.weight() == Double.POSITIVE_INFINITY) {
            throw new IllegalArgumentException(
                    "a contribution of " + part.rows() + " rows that weigh " + part.weight());
        }
        return synchronous ? join(at, part) : takeAlone(at, part, basis);
    }

    private Taken join(long at, PartialSum part) {
        if (at < version) {
            return Taken.REPEATED;
        }
        if (at > version) {
            return Taken.AHEAD;
        }
        if (!reduction.take(part)) {
            return Taken.REPEATED;
        }
        return reduction.isComplete() ? Taken.COMPLETE : Taken.WAITING;
    }

    private Taken takeAlone(long at, PartialSum part, long basis) {
        Block block = part.block();
        if (block.lo() < 0 || block.hi() > plan.ranks() || block.hi() != block.lo() + 1) {
            throw new IllegalArgumentException("ranks [" + block.lo() + ", " + block.hi() + ") of " + plan.ranks()
                    + ": a rank contributes alone unless steps are synchronous");
        }
        long next = rankClocks[block.lo()];
        if (at != next) {
            return at < next ? Taken.REPEATED : Taken.AHEAD;
        }
        alone = part;
        // The basis of a life before the last recovery may be beyond this one's version.
        aloneBehind = Math.max(0, version - basis);
        return Taken.COMPLETE;
    }

    /** Whether a rank may have values now to compute its next contribution; always in a synchronous job. */
    public boolean mayRead(int rank) {
        return synchronous || plan.consistency().mayRead(rankClocks[rank], clock());
    }

    /** Whether there is something to {@link #apply}. */
    public boolean isComplete() {
        return alone != null || synchronous && reduction.isComplete();
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
        reduction.addUp();
        if (reduction.weight() == 0) {
            return 0;
        }
        float mean = (float) (1 / reduction.weight());
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
     * Applies what is complete once and advances: reduction, clipping and optimizer in one pass over memory. A step without
     * weight (every rank had run out of rows) changes no value.
     *
     * @param sum [length], takes the sum of the gradients for a replica; or null
     */
    public Step apply(float clipFactor, float @Nullable [] sum) throws DivergedException {
        if (!isComplete()) {
            throw new IllegalStateException(
                    "only " + reduction.covered() + " of " + plan.ranks() + " ranks contributed");
        }
        PartialSum part = alone;
        Step step;
        if (part != null) {
            step = new Step(
                    part.block().lo(), aloneBehind, part.rows(), part.weight(), part.loss(), clipFactor, Double.NaN);
        } else {
            reduction.addUp();
            step = new Step(
                    Step.ALL_RANKS,
                    0,
                    reduction.rows(),
                    reduction.weight(),
                    reduction.loss(),
                    clipFactor,
                    lastSquaredNorm);
        }
        sumForCopies = sum;
        try {
            advance(step);
        } finally {
            alone = null;
            sumForCopies = null;
        }
        reduction.clear();
        return step;
    }

    /** Applies an update that another copy of this shard applied at the same version; {@code sum} is [length]. */
    public void replay(Step step, float[] sum) throws DivergedException {
        if (sum.length != plan.length()) {
            throw new IllegalArgumentException("a step of " + sum.length + " values for a shard of " + plan.length());
        }
        if (synchronous ? step.rank() != Step.ALL_RANKS : step.rank() < 0 || step.rank() >= plan.ranks()) {
            throw new IllegalArgumentException("a step of rank " + step.rank() + " in a job of " + plan.ranks()
                    + " ranks whose consistency is " + plan.consistency());
        }
        lastSquaredNorm = step.squaredNorm();
        replayed = sum;
        try {
            advance(step);
        } finally {
            replayed = null;
        }
        reduction.clear();
    }

    private void advance(Step step) throws DivergedException {
        if (!Double.isFinite(step.loss())) {
            throw new DivergedException("the loss is " + step.loss());
        }
        float[] source = values();
        float[] target = buffers[(int) (version + 1 & 1)];
        if (step.weight() > 0) {
            float rate = rate(clock(step.rank())) * plan.consistency().rateFactor(step.behind());
            update(source, target, (float) (1 / step.weight()) * step.clipFactor(), rate);
        } else {
            System.arraycopy(source, 0, target, 0, source.length);
        }
        int ranksOfUpdate = synchronous ? plan.ranks() : 1;
        boolean epochBegins = version % ((long) plan.stepsPerEpoch() * plan.ranks() / ranksOfUpdate) == 0;
        version++;
        if (!synchronous) {
            rankClocks[step.rank()]++;
        }
        rowsApplied += step.rows();
        epochWeight = (epochBegins ? 0 : epochWeight) + step.weight();
        epochLoss = (epochBegins ? 0 : epochLoss) + step.loss();
        stepLoss = step.weight() > 0 ? step.loss() / step.weight() : stepLoss;
        contributions += ranksOfUpdate;
        behindSum += step.behind();
        behindMax = Math.max(behindMax, step.behind());
    }

    private void update(float[] source, float[] target, float scale, float rate) throws DivergedException {
        double l1 = plan.regularization() == null ? 0 : plan.regularization().l1OrZero();
        double l2 = plan.regularization() == null ? 0 : plan.regularization().l2OrZero();
        int nextRange = 0;
        for (int from = 0; from < plan.length(); from += Reduction.TILE) {
            int length = Math.min(Reduction.TILE, plan.length() - from);
            readSum(from, length);
            scaleAndClip(length, scale);
            System.arraycopy(tile, 0, gradient, from, length);
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
                        source, target, gradient, slots, at, until, rate, version + 1, inside, (float) l1, (float) l2);
                at = until;
            }
        }
        checkFinite();
    }

    /** The update's sum of gradients at [from, from + length), from wherever it comes, to the tile. */
    private void readSum(int from, int length) {
        if (replayed != null) {
            System.arraycopy(replayed, from, tile, 0, length);
        } else if (alone != null) {
            System.arraycopy(alone.gradient(), alone.offset() + from, tile, 0, length);
        } else {
            reduction.sum(from, length, tile);
        }
        if (sumForCopies != null) {
            System.arraycopy(tile, 0, sumForCopies, from, length);
        }
    }

    /** tile[i] = tile[i] * scale, clamped to the spec's value; remembers NaN and infinity for {@link #checkFinite}. */
    private void scaleAndClip(int length, float scale) {
        for (int i = 0; i < length; i++) {
            tile[i] *= scale;
            // 0 times anything finite is 0. A sum over all would be one chain of additions; these are many.
            finite[i] += tile[i] * 0f;
        }
        if (plan.clipValue() != null) {
            float limit = plan.clipValue().floatValue();
            for (int i = 0; i < length; i++) {
                tile[i] = Math.max(-limit, Math.min(limit, tile[i]));
            }
        }
    }

    private void checkFinite() throws DivergedException {
        for (float each : finite) {
            if (each != 0) {
                Arrays.fill(finite, 0f);
                throw new DivergedException("the gradient has a value that is not finite");
            }
        }
    }

    /** A copy of everything at the current version, safe to write out while steps go on. */
    public ShardSnapshot snapshot() {
        return snapshot(null);
    }

    /** @param spare a snapshot of this shard that nobody needs any more; its arrays are written again */
    ShardSnapshot snapshot(@Nullable ShardSnapshot spare) {
        float[][] copies = new float[slots.length][];
        for (int i = 0; i < copies.length; i++) {
            copies[i] = copy(slots[i], spare == null ? null : spare.slots()[i]);
        }
        float[] values = copy(values(), spare == null ? null : spare.values());
        return new ShardSnapshot(plan.index(), clock(), values, copies, ledger(), rankClocks.clone());
    }

    private static float[] copy(float[] from, float @Nullable [] spare) {
        if (spare == null) {
            return from.clone();
        }
        System.arraycopy(from, 0, spare, 0, from.length);
        return spare;
    }
}
