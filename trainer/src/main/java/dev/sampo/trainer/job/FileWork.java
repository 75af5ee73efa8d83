package dev.sampo.trainer.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** File work of an actor, done on another thread; what it gave, or why it failed, is handled in the actor. */
final class FileWork {
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final Executor blocking;
    private final Owner owner;
    private String trouble = "";

    /** The actor whose work it is. */
    interface Owner {
        /** Runs in the actor; called by any thread. */
        void run(Runnable then);

        void runLater(Duration delay, Runnable then);

        /** The work failed for good. */
        void failed(String reason);

        /** The storage makes trouble that time or an operator may mend; null once it is back. */
        void waits(@Nullable String forWhat);
    }

    FileWork(Executor blocking, Owner owner) {
        this.blocking = blocking;
        this.owner = owner;
    }

    Executor executor() {
        return blocking;
    }

    /** Does the work once; a failure of it fails the owner with what it says. */
    <T> void once(Callable<T> work, Consumer<T> then) {
        once(work, then, failure -> false);
    }

    /** Does what is to be done whatever it takes: a full or read-only disk is named, and waited for. */
    <T> void patiently(Callable<T> work, Consumer<T> then) {
        once(
                work,
                value -> {
                    isBack();
                    then.accept(value);
                },
                failure -> {
                    if (!isOfStorage(failure)) {
                        return false;
                    }
                    isAway("storage: " + failure.getMessage());
                    owner.runLater(RETRY, () -> patiently(work, then));
                    return true;
                });
    }

    /** Somebody can't write for now, and tries again. */
    void isAway(String reason) {
        trouble = reason;
        owner.waits(reason);
    }

    /** Something was written. */
    void isBack() {
        if (!trouble.isEmpty()) {
            trouble = "";
            owner.waits(null);
        }
    }

    /** @param forgiven says of a failure whether the owner shall live on */
    private <T> void once(Callable<T> work, Consumer<T> then, Predicate<Throwable> forgiven) {
        CompletableFuture<T> result = CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return work.call();
                    } catch (Exception e) {
                        throw new CompletionException(e);
                    }
                },
                blocking);
        var unused = result.whenComplete((value, failure) -> owner.run(() -> {
            if (failure == null) {
                then.accept(value);
                return;
            }
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            if (!forgiven.test(cause)) {
                owner.failed(cause.getMessage() == null ? cause.toString() : cause.getMessage());
            }
        }));
    }

    /** What time or an operator may mend; a file that is not there, or says nonsense, is not of that kind. */
    private static boolean isOfStorage(Throwable failure) {
        return failure instanceof IOException
                && !(failure instanceof NoSuchFileException)
                && !(failure instanceof JsonProcessingException);
    }
}
