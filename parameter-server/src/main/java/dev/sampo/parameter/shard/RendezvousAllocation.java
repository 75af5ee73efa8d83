package dev.sampo.parameter.shard;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.Address;
import org.apache.pekko.cluster.sharding.ShardCoordinator.AbstractShardAllocationStrategy;
import scala.collection.immutable.IndexedSeq;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.FutureConverters;

/** Puts each parameter shard on the first node of its {@link ShardPlacement#order}, of those that stay. */
final class RendezvousAllocation extends AbstractShardAllocationStrategy {
    private final Address self;
    private final Supplier<Set<String>> present;

    /**
     * @param self this node's address, for the region that is local and so has none in its path
     * @param present the ps nodes that are up and reachable: the regions that Pekko asks about are also those of nodes that leave
     */
    RendezvousAllocation(Address self, Supplier<Set<String>> present) {
        this.self = self;
        this.present = present;
    }

    @Override
    public Future<ActorRef> allocateShard(
            ActorRef requester, String shardId, Map<ActorRef, IndexedSeq<String>> currentShardAllocations) {
        Map<String, ActorRef> regions = new HashMap<>();
        currentShardAllocations.keySet().forEach(region -> regions.put(node(region), region));
        String first = ShardPlacement.first(shardId, regions.keySet(), present.get());
        return FutureConverters.asScala(CompletableFuture.completedFuture(regions.get(first)));
    }

    /** Every shard that has a better node since one joined. Its entity takes its state along, see {@link ParameterShard}. */
    @Override
    public Future<Set<String>> rebalance(
            Map<ActorRef, IndexedSeq<String>> currentShardAllocations, Set<String> rebalanceInProgress) {
        Map<String, Collection<String>> hosted = new HashMap<>();
        currentShardAllocations.forEach(
                (region, shards) -> hosted.put(node(region), CollectionConverters.asJava(shards)));
        Set<String> better = ShardPlacement.misplaced(hosted, present.get());
        better.removeAll(rebalanceInProgress);
        return FutureConverters.asScala(CompletableFuture.completedFuture(better));
    }

    private String node(ActorRef region) {
        Address address = region.path().address();
        return (address.hasLocalScope() ? self : address).toString();
    }
}
