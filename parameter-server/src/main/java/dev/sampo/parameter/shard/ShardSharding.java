package dev.sampo.parameter.shard;

import dev.sampo.cluster.JobId;
import dev.sampo.cluster.store.Store;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.cluster.sharding.typed.HashCodeMessageExtractor;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.cluster.typed.Cluster;

/** Parameter shards as entities of Cluster Sharding on nodes with role {@code ps}. */
public final class ShardSharding {
    /** The entity type; its name is part of the data plane's paths in {@code sampo-cluster.conf}. */
    public static final EntityTypeKey<ParameterShard.Command> TYPE =
            EntityTypeKey.create(ParameterShard.Command.class, "parameter-shard");

    private ShardSharding() {}

    /**
     * Hosts shards on this node if it has role {@code ps}, and gives the reference that reaches any shard.
     *
     * @param host this node's; unused without the role
     */
    public static ActorRef<ShardingEnvelope<ParameterShard.Command>> init(
            ActorSystem<?> system, Store store, ActorRef<ReplicaHost.Command> host) {
        Cluster cluster = Cluster.get(system);
        int shards = system.settings().config().getInt("pekko.cluster.sharding.number-of-shards");
        return ClusterSharding.get(system)
                .init(Entity.of(TYPE, context -> {
                            String id = context.getEntityId();
                            int cut = id.lastIndexOf('~');
                            return ParameterShard.create(
                                    new JobId(id.substring(0, cut)),
                                    Integer.parseInt(id.substring(cut + 1)),
                                    new HashCodeMessageExtractor<ParameterShard.Command>(shards).shardId(id),
                                    store,
                                    host);
                        })
                        .withRole("ps")
                        .withEntityProps(DispatcherSelector.fromConfig("sampo.compute-dispatcher"))
                        .withAllocationStrategy(new RendezvousAllocation(
                                cluster.selfMember().address(), () -> ReplicaHost.present(cluster)))
                        .withStopMessage(new ParameterShard.Stop()));
    }

    public static String entityId(JobId job, int shard) {
        return job + "~" + shard;
    }
}
