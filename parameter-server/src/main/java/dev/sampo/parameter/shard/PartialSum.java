package dev.sampo.parameter.shard;

import dev.sampo.parameter.shard.RankTree.Block;

/**
 * The gradient sum of a block of ranks at some clock. An interface, so that the message that brings one is one: a step leaves no
 * second object on the heap for it.
 */
public interface PartialSum {
    Block block();

    /** [offset + length of the shard], summed over the block's ranks and rows; nobody writes to it while it is held. */
    float[] gradient();

    /** Where the shard's part begins. */
    int offset();

    long rows();

    /** Sum of the rows' sample weights. */
    double weight();

    /** Weighted sum of the rows' losses. */
    double loss();

    /** One that is no message. */
    @SuppressWarnings("ArrayRecordComponent")
    record Plain(Block block, float[] gradient, int offset, long rows, double weight, double loss)
            implements PartialSum {}
}
