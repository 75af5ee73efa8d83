package dev.sampo.parameter.shard;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.Address;
import org.apache.pekko.cluster.sharding.ShardCoordinator.AbstractShardAllocationStrategy;
import scala.collection.immutable.IndexedSeq;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.FutureConverters;

/** Puts each parameter shard on the first node of its {@link ShardPlacement#order}. */
final class RendezvousAllocation extends AbstractShardAllocationStrategy {
    private final Address self;

    /** @param self this node's address, for the region that is local and so has none in its path */
    RendezvousAllocation(Address self) {
        this.self = self;
    }

    @Override
    public Future<ActorRef> allocateShard(
            ActorRef requester, String shardId, Map<ActorRef, IndexedSeq<String>> currentShardAllocations) {
        List<ActorRef> regions = new ArrayList<>(currentShardAllocations.keySet());
        List<String> nodes = regions.stream().map(this::node).toList();
        String first = ShardPlacement.order(shardId, nodes).get(0);
        return FutureConverters.asScala(CompletableFuture.completedFuture(regions.get(nodes.indexOf(first))));
    }

    /** Every shard that has a better node since one joined. Its entity takes its state along, see {@link ParameterShard}. */
    @Override
    public Future<Set<String>> rebalance(
            Map<ActorRef, IndexedSeq<String>> currentShardAllocations, Set<String> rebalanceInProgress) {
        List<String> nodes =
                currentShardAllocations.keySet().stream().map(this::node).toList();
        Set<String> better = new HashSet<>();
        currentShardAllocations.forEach((region, shards) -> {
            String here = node(region);
            CollectionConverters.asJava(shards).stream()
                    .filter(shard -> !ShardPlacement.order(shard, nodes).get(0).equals(here))
                    .forEach(better::add);
        });
        better.removeAll(rebalanceInProgress);
        return FutureConverters.asScala(CompletableFuture.completedFuture(better));
    }

    private String node(ActorRef region) {
        Address address = region.path().address();
        return (address.hasLocalScope() ? self : address).toString();
    }
}
