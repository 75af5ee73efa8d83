package dev.sampo.ingestion.index;

import dev.sampo.cluster.JobId;
import dev.sampo.cluster.wire.CborSerializable;

/**
 * One piece of indexing work; doing it twice leaves the same blob.
 *
 * @param kind list the files, scan a file's boundaries, or summarise a group of chunks
 * @param train whether of the training files
 * @param number of the file or group
 */
public record IndexTask(JobId job, Kind kind, boolean train, int number) implements CborSerializable {
    /** What is to be done. */
    public enum Kind {
        LIST,
        SCAN,
        SUMMARIZE
    }

    /** What the entity that has the task says of it. */
    public sealed interface Report extends CborSerializable {
        IndexTask task();
    }

    /** Still at it; told every few seconds, for a file may be of any size. */
    public record Working(IndexTask task) implements Report {}

    /** The result is in the store. */
    public record Done(IndexTask task) implements Report {}

    /** Not done; {@code again} if another attempt may succeed. */
    public record Failed(IndexTask task, String reason, boolean again) implements Report {}
}
