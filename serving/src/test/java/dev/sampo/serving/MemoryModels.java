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
    /** Passes wait for it; open unless a test sets it. */
    public volatile CountDownLatch gate = new CountDownLatch(0);
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
                await();
                passes.incrementAndGet();
                return MemoryModels.predict(info, table);
            }

            @Override
            public void close() {
                loaded.remove(key);
            }
        };
    }

    private void await() {
        try {
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
