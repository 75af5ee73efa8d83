package dev.sampo.parameter.shard;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.sampo.cluster.JobId;
import dev.sampo.cluster.NodeSettings;
import dev.sampo.cluster.Role;
import dev.sampo.cluster.store.FolderStore;
import dev.sampo.parameter.compression.Packing;
import dev.sampo.parameter.shard.RankTree.Block;
import dev.sampo.parameter.shard.ShardMessages.Address;
import dev.sampo.parameter.shard.ShardMessages.Contribute;
import dev.sampo.parameter.shard.ShardMessages.ShardRefused;
import dev.sampo.parameter.shard.ShardMessages.ShardReply;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Goal: whatever a worker sends reaches a shard on another node. Method: two nodes over Artery, through sharding alone. */
class ShardShardingTest {
    private static final JobId JOB = new JobId("j-1");
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    private Path home;

    private final List<ActorTestKit> nodes = new ArrayList<>();

    @AfterEach
    void stop() {
        nodes.forEach(ActorTestKit::shutdownTestKit);
    }

    /** What is sent again, since a shard moved or fell silent, goes this way; the largest shard's gradient has 1 MiB. */
    @Test
    void theLargestContributionReachesAShardOnAnotherNode() {
        ActorTestKit ps = node(Role.PS);
        Cluster first = Cluster.get(ps.system());
        shards(ps);
        first.manager().tell(Join.create(first.selfMember().address()));
        ActorTestKit worker = node(Role.WORKER);
        ActorRef<ShardingEnvelope<ParameterShard.Command>> shards = shards(worker);
        Cluster.get(worker.system())
                .manager()
                .tell(Join.create(first.selfMember().address()));
        TestProbe<ShardReply> replies = worker.createTestProbe(ShardReply.class);

        for (int floats : new int[] {1, ShardPlan.FLOATS_MAX}) {
            shards.tell(new ShardingEnvelope<>(
                    ShardSharding.entityId(JOB, 0),
                    new Contribute(
                            new Address(JOB, 0, floats, 0),
                            new Block(0, 1),
                            1,
                            1,
                            0,
                            0,
                            Packing.FLOAT32,
                            new float[floats],
                            0,
                            floats,
                            replies.getRef())));
            // It has no state, and says so of the address that it was asked by.
            ShardRefused refused = replies.expectMessageClass(ShardRefused.class, PATIENCE);
            assertThat(refused.reason()).isEqualTo(ShardRefused.Reason.LOST);
            assertThat(refused.address().incarnation()).isEqualTo(floats);
        }
    }

    private ActorTestKit node(Role role) {
        Config config = ConfigFactory.parseString("pekko.cluster.seed-nodes = []")
                .withFallback(new NodeSettings(Set.of(role), "127.0.0.1", 0, List.of()).toConfig())
                .resolve();
        ActorTestKit node = ActorTestKit.create(NodeSettings.SYSTEM, config);
        nodes.add(node);
        return node;
    }

    private ActorRef<ShardingEnvelope<ParameterShard.Command>> shards(ActorTestKit node) {
        return ShardSharding.init(
                node.system(), new FolderStore(home), node.spawn(ReplicaHost.create(), ReplicaHost.NAME));
    }
}
