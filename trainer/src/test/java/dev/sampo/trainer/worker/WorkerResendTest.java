package dev.sampo.trainer.worker;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.cluster.JobId;
import dev.sampo.cluster.store.FolderStore;
import dev.sampo.ingestion.stream.BatchPart;
import dev.sampo.ingestion.stream.IngestEntity;
import dev.sampo.model.data.Batch;
import dev.sampo.model.data.Selection;
import dev.sampo.model.data.Target;
import dev.sampo.model.network.ModelSpec;
import dev.sampo.parameter.compression.Compression;
import dev.sampo.parameter.shard.Consistency;
import dev.sampo.parameter.shard.ParameterShard;
import dev.sampo.parameter.shard.RankTree.Block;
import dev.sampo.parameter.shard.ShardMessages.Address;
import dev.sampo.parameter.shard.ShardMessages.AskMissing;
import dev.sampo.parameter.shard.ShardMessages.Contribute;
import dev.sampo.parameter.shard.ShardMessages.Missing;
import dev.sampo.parameter.shard.ShardMessages.Pull;
import dev.sampo.parameter.shard.ShardMessages.Values;
import dev.sampo.parameter.shard.ShardPlan;
import dev.sampo.parameter.shard.ShardState;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.FishingOutcomes;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A contribution that was lost with its shard's host is sent again, whatever the shard's heir says of others meanwhile. */
class WorkerResendTest {
    private static final JobId JOB = new JobId("j-1");
    private static final Block OWN = new Block(0, 1);
    private static final Block OTHER = new Block(1, 2);

    private final ActorTestKit kit = ActorTestKit.create();
    private final TestProbe<Contribute> pushes = kit.createTestProbe(Contribute.class);

    @AfterEach
    void stop() {
        kit.shutdownTestKit();
    }

    @Test
    void whatTheShardLacksOfOursIsSentAgain(@TempDir Path home) throws IOException {
        begin(home, List.of(new Block(OWN.lo(), OTHER.hi())));
        expectOwn();
        expectOwn();
    }

    /** The worker asks again and again; an answer each time must not put off its own repetition for ever. */
    @Test
    void whatIsNotAnsweredIsSentAgainThoughOnlyOthersAreSaidToBeMissing(@TempDir Path home) throws IOException {
        begin(home, List.of(OTHER));
        expectOwn();
        expectOwn();
    }

    private void expectOwn() {
        pushes.fishForMessage(
                Duration.ofSeconds(8),
                push -> push.block().equals(OWN) && push.address().clock() == 0
                        ? FishingOutcomes.complete()
                        : FishingOutcomes.continueAndIgnore());
    }

    private void begin(Path home, List<Block> missing) throws IOException {
        FolderStore store = new FolderStore(home);
        var plan = new TrainPlan(
                JOB,
                new ModelSpec("linear", null, null, null, null),
                2,
                new Target(Target.Kind.NUMERIC, List.of()),
                2,
                1,
                0,
                1,
                4,
                0,
                List.of(new ShardPlan.Range(0, 3)),
                null,
                0,
                Consistency.SYNCHRONOUS,
                Compression.NONE);
        store.write(TrainPlan.blob(JOB), new ObjectMapper().writeValueAsBytes(plan));
        var worker = kit.spawn(Worker.create(
                store, kit.spawn(sharding(kit.spawn(shard(missing)))), kit.spawn(sharding(kit.spawn(reader())))));
        TestProbe<Worker.WorkerEvent> coordinator = kit.createTestProbe(Worker.WorkerEvent.class);
        worker.tell(new Worker.Assign(JOB, 0, 0, OWN.lo(), OWN.hi(), 0, coordinator.getRef()));
    }

    /** Has the values of clock 0, loses every contribution, and says that {@code missing} ranks are missing. */
    private Behavior<ParameterShard.Command> shard(List<Block> missing) {
        return Behaviors.receive((context, message) -> {
            if (message instanceof Pull pull) {
                pull.replyTo()
                        .tell(new Values(
                                new Address(JOB, 0, 0, 0),
                                ShardState.Step.ALL_RANKS,
                                0,
                                Double.NaN,
                                0,
                                context.getSelf(),
                                new float[3]));
            } else if (message instanceof AskMissing ask) {
                ask.replyTo().tell(new Missing(ask.address(), missing));
            } else if (message instanceof Contribute push) {
                pushes.getRef().tell(push);
            }
            return Behaviors.same();
        });
    }

    private static <M> Behavior<ShardingEnvelope<M>> sharding(ActorRef<M> entity) {
        return Behaviors.receiveMessage(envelope -> {
            entity.tell(envelope.message());
            return Behaviors.same();
        });
    }

    /** Answers with one row for whatever batch is asked for. */
    private static Behavior<IngestEntity.Command> reader() {
        return Behaviors.receive((context, message) -> {
            var fetch = (IngestEntity.FetchBatch) message;
            fetch.replyTo()
                    .tell(new BatchPart(
                            JOB,
                            fetch.dataset(),
                            fetch.epoch(),
                            fetch.rank(),
                            fetch.index(),
                            0,
                            1,
                            context.getSelf(),
                            Selection.all(Batch.dense(1, 2, new float[] {1, 2}, new float[] {3}, null)),
                            new byte[0]));
            return Behaviors.same();
        });
    }
}
