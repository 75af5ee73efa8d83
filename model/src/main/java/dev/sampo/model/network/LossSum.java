package dev.sampo.model.network;

/**
 * The loss of some rows.
 *
 * @param rows number of rows
 * @param weight sum of their weights
 * @param loss sum of weight times loss
 */
public record LossSum(long rows, double weight, double loss) {}
