package dev.sampo.ingestion.index;

import dev.sampo.cluster.JobId;
import dev.sampo.cluster.store.Store;
import dev.sampo.cluster.wire.CborSerializable;
import dev.sampo.ingestion.source.Unpacker;
import java.io.IOException;

/**
 * One piece of indexing work; doing it twice leaves the same blob.
 *
 * @param kind scan a file's boundaries, or summarise a group of chunks
 * @param train whether of the training files
 * @param number of the file or group
 */
public record IndexTask(JobId job, Kind kind, boolean train, int number) implements CborSerializable {
    /** What is to be done. */
    public enum Kind {
        SCAN,
        SUMMARIZE
    }

    /** Done, or why not; {@code reason} is empty when done. */
    public record Result(IndexTask task, String reason) implements CborSerializable {}

    /** Does the work and leaves its result in the store. */
    public void run(Store store, Unpacker unpacker) throws IOException {
        switch (kind) {
            case SCAN -> GroupSummary.scan(job, train, number, store, unpacker);
            case SUMMARIZE -> GroupSummary.summarize(job, train, number, store, unpacker);
        }
    }
}
