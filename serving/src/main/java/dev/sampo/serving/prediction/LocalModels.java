package dev.sampo.serving.prediction;

import dev.sampo.serving.registry.ModelInfo;
import dev.sampo.serving.registry.ModelKey;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Extension;
import org.apache.pekko.actor.typed.ExtensionId;
import org.jspecify.annotations.Nullable;

/**
 * The models that this node has in memory, for clients in the same process: asking them takes no message. Written by the
 * node's {@link ServingManager}, empty without one. Thread-safe.
 */
final class LocalModels implements Extension {
    /** A version that is ready, as {@link ServingManager.Describe} would tell of it. */
    record Ready(ModelInfo info, List<Integer> versions, ModelRunner runner) {
        /**
         * The reply comes within the settings' time; most often it is there when this returns. Null if the version was
         * unloaded a moment ago.
         */
        @Nullable CompletionStage<PredictReply> predict(RowTable rows, ServingSettings settings) {
            CompletableFuture<PredictReply> reply = new CompletableFuture<>();
            if (!runner.submitHere(rows, reply::complete)) {
                return null;
            }
            if (!reply.isDone()) {
                long timeoutMs = settings.requestTimeout().toMillis();
                reply.completeOnTimeout(ServingClient.noAnswer(timeoutMs), timeoutMs, TimeUnit.MILLISECONDS);
            }
            return reply;
        }
    }

    private static final class Id extends ExtensionId<LocalModels> {
        @Override
        public LocalModels createExtension(ActorSystem<?> system) {
            return new LocalModels();
        }
    }

    private static final Id ID = new Id();

    private volatile Map<String, Ready> newest = Map.of();
    private volatile Map<ModelKey, Ready> byVersion = Map.of();

    /** That of the node. */
    static LocalModels of(ActorSystem<?> system) {
        return ID.apply(system);
    }

    /** @param newest what answers for a model without a version, by its name */
    void replace(Map<String, Ready> newest, Map<ModelKey, Ready> byVersion) {
        this.newest = Map.copyOf(newest);
        this.byVersion = Map.copyOf(byVersion);
    }

    /** The version that answers here, or null if this node must load or look for it first, or another node is to answer. */
    @Nullable Ready find(String model, @Nullable Integer version) {
        return version == null ? newest.get(model) : byVersion.get(new ModelKey(model, version));
    }
}
