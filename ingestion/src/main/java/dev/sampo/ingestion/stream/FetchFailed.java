package dev.sampo.ingestion.stream;

import dev.sampo.cluster.JobId;
import dev.sampo.cluster.wire.CborSerializable;

/** A batch can't be made; asking again won't help. The reason names the file. */
public record FetchFailed(JobId job, Dataset dataset, int epoch, int rank, int index, String reason)
        implements BatchReply, CborSerializable {}
