package dev.sampo.trainer.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FileWorkTest {
    private final List<String> told = new ArrayList<>();
    private final List<Runnable> later = new ArrayList<>();
    private final FileWork work = new FileWork(Runnable::run, new FileWork.Owner() {
        @Override
        public void run(Runnable then) {
            then.run();
        }

        @Override
        public void runLater(Duration delay, Runnable then) {
            later.add(then);
        }

        @Override
        public void failed(String reason) {
            told.add("failed: " + reason);
        }

        @Override
        public void waits(@Nullable String forWhat) {
            told.add("waits: " + forWhat);
        }
    });

    @Test
    void aFullDiskIsNamedAndWaitedForAndTheWorkIsDoneInTheEnd() {
        AtomicInteger tries = new AtomicInteger();
        work.patiently(
                () -> {
                    if (tries.incrementAndGet() < 3) {
                        throw new IOException("No space left on device");
                    }
                    return "written";
                },
                told::add);
        assertThat(told).containsExactly("waits: storage: No space left on device");
        later.remove(0).run();
        later.remove(0).run();
        assertThat(told)
                .containsExactly(
                        "waits: storage: No space left on device",
                        "waits: storage: No space left on device",
                        "waits: null",
                        "written");
        assertThat(later).isEmpty();
    }

    @Test
    void whatTimeDoesNotMendFailsTheOwner() {
        work.patiently(
                () -> {
                    throw new NoSuchFileException("spec.json");
                },
                value -> told.add("done: " + value));
        work.once(
                () -> {
                    throw new IOException("No space left on device");
                },
                value -> told.add("done: " + value));
        work.once(
                () -> {
                    throw new IllegalStateException();
                },
                value -> told.add("done: " + value));
        assertThat(told)
                .containsExactly(
                        "failed: spec.json",
                        "failed: No space left on device",
                        "failed: java.lang.IllegalStateException");
        assertThat(later).isEmpty();
    }

    @Test
    void othersTroubleEndsWithAnyWrite() {
        work.isBack();
        work.isAway("a checkpoint: read-only");
        work.isBack();
        assertThat(told).containsExactly("waits: a checkpoint: read-only", "waits: null");
    }
}
