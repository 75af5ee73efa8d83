package dev.sampo.trainer.worker;

import static org.assertj.core.api.Assertions.assertThat;

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
    private final ActorTestKit kit = ActorTestKit.create();

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
}
