package dev.sampo.trainer.job;

import dev.sampo.cluster.JobId;
import dev.sampo.cluster.wire.CborSerializable;

/** What the job manager must not forget; a change of a record is a new record. */
public sealed interface JobFact extends CborSerializable {
    JobId job();

    /** A spec was accepted. */
    record Submitted(JobId job, String spec) implements JobFact {}

    /** Its user asked for this, and was told that it would be done. */
    record Controlled(JobId job, JobCoordinator.Control control) implements JobFact {}

    /** It is done, failed or cancelled; the last view of it. */
    record Finished(JobId job, JobStatus.State state, String view) implements JobFact {}
}
