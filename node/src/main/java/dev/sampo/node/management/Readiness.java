package dev.sampo.node.management;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.management.javadsl.ReadinessCheckSetup;

/**
 * What {@code /ready} asks beyond the membership. {@code /startup} and {@code /alive} ask nothing: that they answer is the
 * answer, for a database or a coordinator that is away is no reason to kill a node that waits for it.
 */
public final class Readiness {
    private Readiness() {}

    /**
     * @param reason completes with what is not ready yet, or with an empty text; asked at each probe
     */
    public static ReadinessCheckSetup setup(Supplier<CompletionStage<String>> reason) {
        Supplier<CompletionStage<Boolean>> check = () -> reason.get()
                .thenCompose(missing -> missing.isEmpty()
                        ? CompletableFuture.completedFuture(Boolean.TRUE)
                        : CompletableFuture.failedFuture(new IllegalStateException(missing)));
        return ReadinessCheckSetup.create(system -> List.of(check));
    }
}
