package dev.sampo.ingestion.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sampo.cluster.JobId;
import dev.sampo.cluster.NodeSettings;
import dev.sampo.cluster.Role;
import java.util.HashSet;
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
    private final Set<ActorRef> workers = new HashSet<>();
    private final NearAllocation allocation = new NearAllocation(
            node -> workers.stream().anyMatch(each -> each.path().address().equals(node)));
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

    private scala.collection.immutable.Map<ActorRef, IndexedSeq<String>> now(String... onTheFullOne) {
        return scala.collection.immutable.Map.from(
                CollectionConverters.asScala(Map.of(empty, shards(List.of()), full, shards(List.of(onTheFullOne)))));
    }

    private static <T> T get(scala.concurrent.Future<T> future) throws Exception {
        return FutureConverters.asJava(future).toCompletableFuture().get(5, TimeUnit.SECONDS);
    }

    private ActorRef allocated(String shard, ActorRef requester) throws Exception {
        return get(allocation.allocateShard(requester, shard, now("rank0", "rank1", "rank2")));
    }

    private Set<String> moved(String... onTheFullOne) throws Exception {
        return CollectionConverters.asJava(
                get(allocation.rebalance(now(onTheFullOne), scala.collection.immutable.Set$.MODULE$.empty())));
    }

    private static IndexedSeq<String> shards(List<String> names) {
        return CollectionConverters.asScala(names).toIndexedSeq();
    }

    @Test
    void aRanksEntityComesToTheNodeThatAsksForItIfThatIngests() throws Exception {
        assertEquals(full, allocated("rank3", full));
        assertEquals(empty, allocated("rank3", empty));
        assertEquals(empty, allocated("rank3", proxy));
    }

    @Test
    void indexingIsSpreadWhoeverAsks() throws Exception {
        assertEquals(empty, allocated("index0", full));
    }

    @Test
    void ranksStayWithTheirWorkersAndAreEvenedOutElsewhere() throws Exception {
        assertEquals(1, moved("rank0", "rank1", "rank2").size());
        workers.add(full);
        assertEquals(Set.of(), moved("rank0", "rank1", "rank2"));
        assertTrue(Set.of("index0", "index1", "index2")
                .containsAll(moved("rank0", "index0", "index1", "index2", "rank1")));
        assertEquals(1, moved("rank0", "index0", "index1", "index2", "rank1").size());
    }

    @Test
    void aRankHasOnePlaceInAllJobs() {
        String first = IngestSharding.shardOf(IngestSharding.entityId(new JobId("a-1"), 7));
        assertEquals(first, IngestSharding.shardOf(IngestSharding.entityId(new JobId("b-2"), 7)));
        assertTrue(IngestSharding.isOfRank(first));
        assertFalse(IngestSharding.isOfRank(IngestSharding.shardOf(IngestSharding.indexerId(new JobId("a-1"), 7))));
    }
}
