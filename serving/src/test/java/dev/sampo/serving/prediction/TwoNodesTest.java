package dev.sampo.serving.prediction;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.sampo.cluster.NodeSettings;
import dev.sampo.cluster.Role;
import dev.sampo.serving.MemoryModels;
import dev.sampo.serving.Samples;
import dev.sampo.serving.registry.ModelInfo;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.junit.jupiter.api.Test;

/** A client on a node without the role serving, over real remoting on loopback. */
class TwoNodesTest {
    private static ActorSystem<Void> node(Role role) {
        Config config = ConfigFactory.parseString("pekko.coordinated-shutdown.exit-jvm = off")
                .withFallback(new NodeSettings(Set.of(role), "127.0.0.1", 0, List.of()).toConfig())
                .resolve();
        return ActorSystem.create(Behaviors.empty(), NodeSettings.SYSTEM, config);
    }

    @Test
    void predictsOnAnotherNodeMoreThanOneFrameHoldsAndSaysWhenItIsGone() throws Exception {
        ActorSystem<Void> coordinator = node(Role.COORDINATOR);
        ActorSystem<Void> serving = node(Role.SERVING);
        try {
            for (ActorSystem<Void> node : List.of(coordinator, serving)) {
                Cluster.get(node)
                        .manager()
                        .tell(Join.create(Cluster.get(coordinator).selfMember().address()));
            }
            ModelInfo model =
                    Samples.info("wide", 1, Samples.DIGITS, new ModelInfo.Input("pixels", ModelInfo.Kind.VECTOR, 784));
            Serving.start(
                    serving,
                    new MemoryModels().with(model),
                    ServingSettings.from(serving.settings().config()));
            ServingSettings patient = ServingSettings.from(
                    ConfigFactory.parseString("sampo.serving { no-node-timeout = 20s, request-timeout = 30s }")
                            .withFallback(coordinator.settings().config()));
            ServingClient client = ServingClient.create(coordinator, patient);
            float[][] values = new float[1000][784];
            for (int row = 0; row < values.length; row++) {
                values[row][0] = row;
            }
            RowTable rows = new RowTable(List.of(), "pixels", 784, new String[1000][0], null, values);

            DescribeReply described =
                    client.describe("wide", null).toCompletableFuture().get(60, TimeUnit.SECONDS);
            assertThat(((Described) described).model().inputs()).isEqualTo(model.inputs());
            PredictReply reply =
                    client.predict(model, rows).toCompletableFuture().get(60, TimeUnit.SECONDS);

            assertThat(((Predicted) reply).rows()).isEqualTo(1000);
            assertThat(((Predicted) reply).values()[3 * 777]).isEqualTo(777);

            serving.terminate();
            serving.getWhenTerminated().toCompletableFuture().get(60, TimeUnit.SECONDS);
            ServingSettings quick = ServingSettings.from(ConfigFactory.parseString("sampo.serving.no-node-timeout = 1s")
                    .withFallback(coordinator.settings().config()));
            PredictReply gone = ServingClient.create(coordinator, quick)
                    .predict(model, rows.slice(0, 1))
                    .toCompletableFuture()
                    .get(30, TimeUnit.SECONDS);
            assertThat(((Refused) gone).kind()).isEqualTo(Refused.Kind.UNAVAILABLE);
        } finally {
            serving.terminate();
            coordinator.terminate();
        }
    }
}
