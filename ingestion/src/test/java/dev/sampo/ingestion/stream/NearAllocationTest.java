package dev.sampo.ingestion.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sampo.cluster.NodeSettings;
import dev.sampo.cluster.Role;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.Props;
import org.apache.pekko.cluster.Cluster;
import org.apache.pekko.cluster.MemberStatus;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import scala.collection.immutable.IndexedSeq;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.FutureConverters;

class NearAllocationTest {
    private final ActorSystem system = ActorSystem.create(
            NodeSettings.SYSTEM, new NodeSettings(Set.of(Role.INGEST), "127.0.0.1", 0, List.of()).toConfig());
    private final NearAllocation allocation = new NearAllocation();
    /** Regions that host entities, and one that only asks. */
    private final ActorRef empty = region("empty");

    private final ActorRef full = region("full");
    private final ActorRef proxy = region("proxy");

    private ActorRef region(String name) {
        return system.actorOf(Props.empty(), name);
    }

    @BeforeEach
    void begin() throws InterruptedException {
        Cluster cluster = Cluster.get(system);
        cluster.join(cluster.selfAddress());
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!cluster.selfMember().status().equals(MemberStatus.up())) {
            assertTrue(System.nanoTime() < end, "the node is not up");
            Thread.sleep(10);
        }
        allocation.start(system);
    }

    @AfterEach
    void end() throws Exception {
        system.terminate();
        system.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    private ActorRef allocated(ActorRef requester) throws Exception {
        scala.collection.immutable.Map<ActorRef, IndexedSeq<String>> now = scala.collection.immutable.Map.from(
                CollectionConverters.asScala(Map.of(empty, shards(List.of()), full, shards(List.of("1", "2", "3")))));
        return FutureConverters.asJava(allocation.allocateShard(requester, "4", now))
                .toCompletableFuture()
                .get(5, TimeUnit.SECONDS);
    }

    private static IndexedSeq<String> shards(List<String> names) {
        return CollectionConverters.asScala(names).toIndexedSeq();
    }

    @Test
    void anEntityComesToTheNodeThatAsksForItIfThatIngests() throws Exception {
        assertEquals(full, allocated(full));
        assertEquals(empty, allocated(empty));
    }

    @Test
    void otherwiseToTheOneThatHasFewest() throws Exception {
        assertEquals(empty, allocated(proxy));
    }
}
