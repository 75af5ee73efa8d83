package dev.sampo.ingestion.stream;

import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.cluster.sharding.ShardCoordinator.LeastShardAllocationStrategy;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Map;
import scala.concurrent.Future;

/**
 * Puts an ingest entity on the node that asks for it first, if that node ingests too: a rank's batches are then made where they
 * are used, and pass by reference. Elsewhere, and when nodes come, it evens out as Cluster Sharding does.
 */
final class NearAllocation extends LeastShardAllocationStrategy {
    private static final long serialVersionUID = 1;
    /** Entities on the fullest node over those on the emptiest before any moves. */
    private static final int UNEVEN = 1;

    private static final int MOVED_AT_ONCE = 3;

    NearAllocation() {
        super(UNEVEN, MOVED_AT_ONCE);
    }

    @Override
    public Future<ActorRef> allocateShard(
            ActorRef requester, String shardId, Map<ActorRef, IndexedSeq<String>> currentShardAllocations) {
        return currentShardAllocations.contains(requester)
                ? Future.successful(requester)
                : super.allocateShard(requester, shardId, currentShardAllocations);
    }
}
