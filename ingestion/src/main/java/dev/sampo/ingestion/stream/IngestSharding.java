package dev.sampo.ingestion.stream;

import dev.sampo.cluster.JobId;
import dev.sampo.cluster.store.Store;
import dev.sampo.ingestion.source.Unpacker;
import java.nio.file.Path;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;

/** Ingest entities on nodes with role {@code ingest}. */
public final class IngestSharding {
    private static final EntityTypeKey<IngestEntity.Command> TYPE =
            EntityTypeKey.create(IngestEntity.Command.class, "ingest");

    private IngestSharding() {}

    /**
     * Hosts entities on this node if it has the role, and gives the reference that reaches any.
     *
     * @param scratch folder of this node alone for unpacked files and spilled chunks; what an earlier life left there is removed
     */
    public static ActorRef<ShardingEnvelope<IngestEntity.Command>> init(
            ActorSystem<?> system, Store store, Path scratch) {
        Unpacker unpacker = new Unpacker(scratch);
        CacheSettings settings = CacheSettings.from(
                system.settings().config(), Runtime.getRuntime().maxMemory());
        ChunkCache cache = new ChunkCache(settings, scratch);
        return ClusterSharding.get(system)
                .init(Entity.of(TYPE, context -> IngestEntity.create(store, unpacker, cache))
                        .withRole("ingest")
                        .withEntityProps(DispatcherSelector.fromConfig("sampo.ingest-dispatcher"))
                        .withAllocationStrategy(new NearAllocation())
                        .withStopMessage(new IngestEntity.Stop()));
    }

    /** The entity that makes a rank's batches. */
    public static String entityId(JobId job, int rank) {
        return job + "~" + rank;
    }

    /** The entity of a slot of a job's indexing: another than a rank's, whose place is near the rank's worker. */
    public static String indexerId(JobId job, int slot) {
        return job + "~index" + slot;
    }
}
