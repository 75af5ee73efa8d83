package dev.sampo.model.network;

/**
 * The loss of some rows.
 *
 * @param rows number of rows
 * @param weight sum of their weights
 * @param loss sum of weight times loss
 */
public record LossSum(long rows, double weight, double loss) {
    /** The loss of these rows and others. */
    public LossSum plus(LossSum other) {
        return new LossSum(rows + other.rows, weight + other.weight, loss + other.loss);
    }
}
