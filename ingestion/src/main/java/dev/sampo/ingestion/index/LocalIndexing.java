package dev.sampo.ingestion.index;

import dev.sampo.cluster.store.Store;
import dev.sampo.ingestion.source.Unpacker;
import java.io.IOException;
import java.util.List;

/** Indexes a source in the caller's thread: what {@link Indexing} spreads over a cluster, task by task. */
public final class LocalIndexing {
    private LocalIndexing() {}

    /** Leaves in the store what a rank stream needs. */
    public static Indexing.Indexed index(Store store, IngestPlan plan, Unpacker unpacker) throws IOException {
        IndexBuilder builder = new IndexBuilder(store, plan);
        IndexWork work = new IndexWork(plan.job(), store, unpacker);
        run(work, builder.begin());
        run(work, builder.listed());
        run(work, builder.layOut());
        run(work, builder.fit());
        return builder.finish();
    }

    private static void run(IndexWork work, List<IndexTask> tasks) throws IOException {
        for (IndexTask task : tasks) {
            work.run(task);
        }
    }
}
