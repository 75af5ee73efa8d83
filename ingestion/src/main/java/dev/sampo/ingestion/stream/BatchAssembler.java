package dev.sampo.ingestion.stream;

import dev.sampo.cluster.JobId;
import dev.sampo.model.data.Selection;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Puts the parts of batches together again; a repeated part is harmless. Pure; one worker owns it. */
public final class BatchAssembler {
    private static final int OPEN_MAX = 64;
    private final Map<Address, byte[][]> open = new LinkedHashMap<>();

    private record Address(JobId job, Dataset dataset, int epoch, int rank, int index) {}

    /**
     * Takes a part; gives the batch when it was the last.
     *
     * @throws IllegalArgumentException if the parts are not those of one batch, or not a batch at all
     */
    public @Nullable Selection accept(BatchPart part) {
        if (part.batch() != null) {
            return part.batch();
        }
        if (part.parts() == 1) {
            return Selection.all(BatchCodec.decode(part.bytes()));
        }
        Address address = new Address(part.job(), part.dataset(), part.epoch(), part.rank(), part.index());
        byte[][] parts = open.get(address);
        if (parts == null || parts.length != part.parts()) {
            dropOldest();
            parts = new byte[part.parts()][];
            open.put(address, parts);
        }
        parts[part.part()] = part.bytes();
        long bytes = 0;
        for (byte[] each : parts) {
            if (each == null) {
                return null;
            }
            bytes += each.length;
        }
        open.remove(address);
        ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(bytes));
        for (byte[] each : parts) {
            all.put(each);
        }
        return Selection.all(BatchCodec.decode(all.array()));
    }

    /** Parts of batches that were asked for again elsewhere must not pile up. */
    private void dropOldest() {
        if (open.size() >= OPEN_MAX) {
            open.remove(open.keySet().iterator().next());
        }
    }
}
