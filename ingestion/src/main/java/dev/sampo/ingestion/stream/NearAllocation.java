package dev.sampo.ingestion.stream;

import java.util.HashMap;
import java.util.function.Predicate;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.Address;
import org.apache.pekko.cluster.sharding.ShardCoordinator.LeastShardAllocationStrategy;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Map;
import scala.collection.immutable.Set;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Puts a rank's ingest entity on the node that asks for it first, if that node ingests too: the rank's batches are then made where they
 * are used, and pass by reference. It stays there, for a move would take it away from its worker. All others (indexing, ranks whose
 * workers don't ingest) are evened out as Cluster Sharding does.
 */
final class NearAllocation extends LeastShardAllocationStrategy {
    private static final long serialVersionUID = 1;
    /** Entities on the fullest node over those on the emptiest before any moves. */
    private static final int UNEVEN = 1;

    private static final int MOVED_AT_ONCE = 3;

    private final transient Predicate<Address> isWorker;

    /** @param isWorker whether the node of an address, which has no host for this node itself, has workers */
    NearAllocation(Predicate<Address> isWorker) {
        super(UNEVEN, MOVED_AT_ONCE);
        this.isWorker = isWorker;
    }

    @Override
    public Future<ActorRef> allocateShard(
            ActorRef requester, String shardId, Map<ActorRef, IndexedSeq<String>> currentShardAllocations) {
        return IngestSharding.isOfRank(shardId) && currentShardAllocations.contains(requester)
                ? Future.successful(requester)
                : super.allocateShard(requester, shardId, currentShardAllocations);
    }

    @Override
    public Future<Set<String>> rebalance(
            Map<ActorRef, IndexedSeq<String>> currentShardAllocations, Set<String> rebalanceInProgress) {
        var movable = new HashMap<>(CollectionConverters.asJava(currentShardAllocations));
        movable.replaceAll(this::movable);
        return super.rebalance(Map.from(CollectionConverters.asScala(movable)), rebalanceInProgress);
    }

    private IndexedSeq<String> movable(ActorRef region, IndexedSeq<String> shards) {
        if (!isWorker.test(region.path().address())) {
            return shards;
        }
        return CollectionConverters.asScala(CollectionConverters.asJava(shards).stream()
                        .filter(shard -> !IngestSharding.isOfRank(shard))
                        .toList())
                .toIndexedSeq();
    }
}
