package dev.sampo.serving;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Target;
import dev.sampo.serving.prediction.LoadedModel;
import dev.sampo.serving.prediction.ModelSource;
import dev.sampo.serving.prediction.Predicted;
import dev.sampo.serving.prediction.RowTable;
import dev.sampo.serving.registry.ModelInfo;
import dev.sampo.serving.registry.ModelKey;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Models without artifacts: each predicts {@code version × the first cell} (or the first vector element), as the value,
 * or as the probability of the first class. A cell of {@code bad} is refused, one of {@code crash} throws.
 */
public final class MemoryModels implements ModelSource {
    public final Map<ModelKey, ModelInfo> models = new ConcurrentSkipListMap<>();
    public final Set<ModelKey> corrupt = new ConcurrentSkipListSet<>();
    /** One entry per model in memory: a version loaded again before its old server has drained is there twice. */
    public final List<ModelKey> loaded = new CopyOnWriteArrayList<>();

    public final AtomicInteger loads = new AtomicInteger();
    public final AtomicInteger passes = new AtomicInteger();
    /** Passes that came to the gate. */
    public final AtomicInteger waiting = new AtomicInteger();
    /** Passes that began while another one of any model ran. */
    public final AtomicInteger overlaps = new AtomicInteger();

    private final AtomicInteger running = new AtomicInteger();
    /** Set to make every pass end with it. */
    public volatile @Nullable Error error;
    /** Passes wait for it; open unless a test sets it. */
    public volatile CountDownLatch gate = new CountDownLatch(0);
    /** Large, so that a pass that waits does not hold up who asked; a test may make it small. */
    public volatile long rowWork = Long.MAX_VALUE / 1_000_000;
    /** Set to make the registry unreadable. */
    public volatile String scanFailure = "";

    public MemoryModels with(ModelInfo... infos) {
        for (ModelInfo info : infos) {
            models.put(info.key(), info);
        }
        return this;
    }

    @Override
    public Scan scan(Set<ModelKey> known) throws IOException {
        if (!scanFailure.isEmpty()) {
            throw new IOException(scanFailure);
        }
        List<ModelInfo> found = new ArrayList<>(models.values());
        found.removeIf(info -> known.contains(info.key()));
        return new Scan(new TreeSet<>(models.keySet()), found);
    }

    @Override
    public LoadedModel load(ModelKey key) throws IOException {
        loads.incrementAndGet();
        if (corrupt.contains(key)) {
            throw new IOException("weights.safetensors: checksum differs");
        }
        loaded.add(key);
        ModelInfo info = models.get(key);
        return new LoadedModel() {
            @Override
            public Predicted predict(RowTable table) throws BadRecordException {
                if (running.incrementAndGet() > 1) {
                    overlaps.incrementAndGet();
                }
                try {
                    await();
                    passes.incrementAndGet();
                    Error fault = error;
                    if (fault != null) {
                        throw fault;
                    }
                    return MemoryModels.predict(info, table);
                } finally {
                    running.decrementAndGet();
                }
            }

            @Override
            public long rowWork() {
                return rowWork;
            }

            @Override
            public void close() {
                loaded.remove(key);
            }
        };
    }

    private void await() {
        try {
            waiting.incrementAndGet();
            gate.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    public static Predicted predict(ModelInfo info, RowTable table) throws BadRecordException {
        Target target = info.prediction();
        float[] values = new float[table.count() * target.outputs()];
        List<String> labels = new ArrayList<>();
        for (int row = 0; row < table.count(); row++) {
            values[row * target.outputs()] = info.version() * first(table, row);
            if (target.kind() != Target.Kind.NUMERIC) {
                labels.add(target.classes().get(0));
            }
        }
        return new Predicted(info.name(), info.version(), target.outputs(), values, labels);
    }

    private static float first(RowTable table, int row) throws BadRecordException {
        if (table.values() != null) {
            return table.values()[row][0];
        }
        String cell = table.cells()[row][0];
        if ("bad".equals(cell)) {
            throw new BadRecordException("column rooms: expected a number, was bad");
        }
        if ("crash".equals(cell)) {
            throw new IllegalStateException("scratch memory is gone");
        }
        return cell == null ? 0 : Float.parseFloat(cell);
    }
}
