package dev.sampo.bench.limit;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.sampo.cluster.JobId;
import dev.sampo.cluster.NodeSettings;
import dev.sampo.cluster.Role;
import dev.sampo.parameter.compression.Packing;
import dev.sampo.parameter.shard.RankTree.Block;
import dev.sampo.parameter.shard.ShardMessages.Address;
import dev.sampo.parameter.shard.ShardMessages.Contribute;
import dev.sampo.parameter.shard.ShardMessages.ShardReply;
import java.util.EnumSet;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;

/** A node's transport and data-plane messages, without the rest of a node. */
public final class Wire {
    private Wire() {}

    /** The configuration of a worker node at a free port of the loopback, with its log kept quiet. */
    public static Config config() {
        return ConfigFactory.parseString("pekko.loglevel = WARNING")
                .withFallback(new NodeSettings(EnumSet.of(Role.WORKER), "127.0.0.1", 0, List.of()).toConfig())
                .resolve();
    }

    /** The push of a whole array to shard 0 of a job that does not exist. */
    public static Contribute contribute(float[] gradient, long clock, ActorRef<ShardReply> replyTo) {
        return new Contribute(
                new Address(new JobId("bench"), 0, 0, clock),
                new Block(0, 1),
                128,
                128,
                1,
                0,
                Packing.FLOAT32,
                gradient,
                0,
                gradient.length,
                replyTo);
    }
}
