package dev.sampo.trainer.job;

import dev.sampo.cluster.Role;
import dev.sampo.cluster.store.Store;
import dev.sampo.ingestion.stream.IngestEntity;
import dev.sampo.parameter.shard.ParameterShard;
import java.time.Duration;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;

/**
 * What job coordinators need of their node.
 *
 * @param missingRolePatience how long a job waits for a role that no node has
 */
public record TrainerServices(
        Store store,
        ActorRef<ShardingEnvelope<ParameterShard.Command>> shards,
        ActorRef<ShardingEnvelope<IngestEntity.Command>> ingest,
        Duration missingRolePatience) {
    List<Role> neededRoles() {
        return List.of(Role.INGEST, Role.PS, Role.WORKER);
    }
}
