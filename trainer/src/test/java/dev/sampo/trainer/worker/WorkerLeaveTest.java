package dev.sampo.trainer.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.cluster.JobId;
import dev.sampo.cluster.store.FolderStore;
import dev.sampo.ingestion.stream.IngestEntity;
import dev.sampo.parameter.shard.ParameterShard;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.pekko.Done;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.FishingOutcomes;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkerLeaveTest {
    private static final Duration A_WHILE = Duration.ofMillis(300);

    private final ActorTestKit kit = ActorTestKit.create();
    private final TestProbe<Worker.WorkerEvent> coordinator = kit.createTestProbe(Worker.WorkerEvent.class);

    @AfterEach
    void stop() {
        kit.shutdownTestKit();
    }

    /** Coordinators see it go before it goes. */
    @Test
    void aWorkerThatLeavesIsFoundNoMoreAndSaysWhenItIsFree(@TempDir Path home) {
        ActorRef<Worker.Command> worker = kit.spawn(Worker.create(
                new FolderStore(home),
                kit.<ShardingEnvelope<ParameterShard.Command>>createTestProbe().getRef(),
                kit.<ShardingEnvelope<IngestEntity.Command>>createTestProbe().getRef()));
        TestProbe<Receptionist.Listing> found = kit.createTestProbe(Receptionist.Listing.class);
        kit.system().receptionist().tell(Receptionist.subscribe(Worker.KEY, found.getRef()));
        found.fishForMessage(
                Duration.ofSeconds(5),
                listing -> listing.getServiceInstances(Worker.KEY).contains(worker)
                        ? FishingOutcomes.complete()
                        : FishingOutcomes.continueAndIgnore());
        TestProbe<Done> done = kit.createTestProbe(Done.class);
        worker.tell(new Worker.Leave(done.getRef()));
        done.receiveMessage();
        assertThat(found.receiveMessage().getServiceInstances(Worker.KEY)).isEmpty();
    }

    /** What a coordinator that has not heard yet sends to it must not hold up the step of all others. */
    @Test
    void aWorkerThatLeavesTakesNoRanksAndDoesNotOfferItself(@TempDir Path home) {
        TestProbe<ShardingEnvelope<ParameterShard.Command>> shards = kit.createTestProbe();
        TestProbe<ShardingEnvelope<IngestEntity.Command>> ingest = kit.createTestProbe();
        ActorRef<Worker.Command> worker =
                kit.spawn(Worker.create(new FolderStore(home), shards.getRef(), ingest.getRef()));
        worker.tell(new Worker.Describe(coordinator.getRef()));
        coordinator.expectMessageClass(Worker.Described.class, Duration.ofSeconds(30));

        TestProbe<Done> left = kit.createTestProbe(Done.class);
        worker.tell(new Worker.Leave(left.getRef()));
        left.expectMessage(Done.getInstance());

        worker.tell(new Worker.Describe(coordinator.getRef()));
        // Begun, it would fail for want of the job's plan, and say so.
        worker.tell(new Worker.Assign(new JobId("j-1"), 0, 0, 0, 1, 0, coordinator.getRef()));
        coordinator.expectNoMessage(A_WHILE);
        shards.expectNoMessage(Duration.ZERO);
    }
}
