package dev.sampo.ingestion.stream;

import dev.sampo.model.data.Batch;
import java.io.ByteArrayOutputStream;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Puts the parts of batches together again; a repeated part is harmless. Pure; one worker owns it. */
public final class BatchAssembler {
    private static final int OPEN_MAX = 1024;
    private final Map<String, byte[][]> open = new HashMap<>();

    /** Takes a part; gives the batch when it was the last. */
    public @Nullable Batch accept(BatchPart part) {
        if (part.batch() != null) {
            return part.batch();
        }
        if (part.parts() == 1) {
            return BatchCodec.decode(part.bytes());
        }
        String key = part.dataset() + "/" + part.epoch() + "/" + part.rank() + "/" + part.index();
        if (open.size() > OPEN_MAX) {
            // Parts of batches that were asked again elsewhere.
            open.clear();
        }
        byte[][] parts = open.computeIfAbsent(key, each -> new byte[part.parts()][]);
        parts[part.part()] = part.bytes();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] each : parts) {
            if (each == null) {
                return null;
            }
            all.writeBytes(each);
        }
        open.remove(key);
        return BatchCodec.decode(all.toByteArray());
    }
}
