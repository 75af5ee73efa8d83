package dev.sampo.trainer.job;

import dev.sampo.cluster.wire.CborSerializable;

/** What a job's coordinator must not forget; the parameters themselves are in checkpoints. A change is a new record. */
public sealed interface JobProgress extends CborSerializable {
    /** The data is indexed and its features fitted; what they are is in the store. */
    record DataIndexed(
            long rowsPerEpoch, long validationRows, long badRecords, double startSeconds, double indexSeconds)
            implements JobProgress {}

    /** The shards are about to be started; whoever belongs to an older incarnation is not listened to any more. */
    record ShardsStarted(int incarnation) implements JobProgress {}

    /** An epoch is trained, evaluated and checkpointed. */
    record EpochEnded(
            JobStatus.EpochRecord epoch, long rowsApplied, double evaluateSeconds, JobStatus.Counters counters)
            implements JobProgress {}
}
