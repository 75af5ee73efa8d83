package dev.sampo.ingestion.stream;

import dev.sampo.cluster.JobId;
import dev.sampo.cluster.Role;
import dev.sampo.cluster.store.Store;
import dev.sampo.ingestion.source.Unpacker;
import java.nio.file.Path;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.sharding.typed.ShardingMessageExtractor;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.cluster.typed.Cluster;

/** Ingest entities on nodes with role {@code ingest}. */
public final class IngestSharding {
    private static final EntityTypeKey<IngestEntity.Command> TYPE =
            EntityTypeKey.create(IngestEntity.Command.class, "ingest");

    private static final String INDEX = "index";
    private static final String RANK = "rank";
    private static final int RANK_SHARDS = 256;

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
        Cluster cluster = Cluster.get(system);
        return ClusterSharding.get(system)
                .init(Entity.of(TYPE, context -> IngestEntity.create(store, unpacker, cache))
                        .withRole("ingest")
                        .withEntityProps(DispatcherSelector.fromConfig("sampo.ingest-dispatcher"))
                        .withMessageExtractor(new ByRank())
                        .withAllocationStrategy(new NearAllocation(node -> hasWorkers(cluster, node)))
                        .withStopMessage(new IngestEntity.Stop()));
    }

    private static boolean hasWorkers(Cluster cluster, Address node) {
        Address address = node.hasLocalScope() ? cluster.selfMember().address() : node;
        for (Member member : cluster.state().getMembers()) {
            if (member.address().equals(address)) {
                return member.hasRole(Role.WORKER.text());
            }
        }
        return false;
    }

    /**
     * One place for each rank, whatever the job: the ranks of the next job are likely dealt to the same workers, whose nodes then have
     * the place already.
     */
    private static final class ByRank
            extends ShardingMessageExtractor<ShardingEnvelope<IngestEntity.Command>, IngestEntity.Command> {
        @Override
        public String entityId(ShardingEnvelope<IngestEntity.Command> envelope) {
            return envelope.entityId();
        }

        @Override
        public String shardId(String entityId) {
            return shardOf(entityId);
        }

        @Override
        public IngestEntity.Command unwrapMessage(ShardingEnvelope<IngestEntity.Command> envelope) {
            return envelope.message();
        }
    }

    static String shardOf(String entityId) {
        String slot = entityId.substring(entityId.lastIndexOf('~') + 1);
        return slot.startsWith(INDEX) ? slot : RANK + Integer.parseInt(slot) % RANK_SHARDS;
    }

    /** Whether a place is a rank's, not one of indexing. */
    static boolean isOfRank(String shard) {
        return shard.startsWith(RANK);
    }

    /** The entity that makes a rank's batches. */
    public static String entityId(JobId job, int rank) {
        return job + "~" + rank;
    }

    /** The entity of a slot of a job's indexing: another than a rank's, whose place is near the rank's worker. */
    public static String indexerId(JobId job, int slot) {
        return job + "~" + INDEX + slot;
    }
}
