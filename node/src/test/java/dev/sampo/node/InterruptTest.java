package dev.sampo.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.node.chaos.NodeProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ctrl-C on a running {@code sampo train}. */
class InterruptTest {
    @TempDir
    private Path home;

    @Test
    void ctrlCCancelsTheJobAndEndsSoon() throws Exception {
        Path spec = Files.writeString(
                home.resolve("job.json"),
                TestCluster.spec("endless", TestCluster.rows(home)).toString());
        Path log = home.resolve("train.log");
        Process train = NodeProcess.sampo(
                log,
                List.of(
                        "train",
                        spec.toString(),
                        "--home",
                        home.toString(),
                        "--workers",
                        "1",
                        "--set",
                        "training.epochs=1000000"));
        try {
            for (int i = 0; i < 600 && !Files.readString(log).contains("training  epoch "); i++) {
                assertThat(train.isAlive()).as(Files.readString(log)).isTrue();
                Thread.sleep(50);
            }
            new ProcessBuilder("kill", "-INT", Long.toString(train.pid()))
                    .start()
                    .waitFor();
            assertThat(train.waitFor(20, TimeUnit.SECONDS)).as("ends").isTrue();
            assertThat(train.exitValue()).isEqualTo(130);
            assertThat(Files.readString(log))
                    .contains("job endless-1 cancelled")
                    .doesNotContain("Exception");
        } finally {
            train.destroyForcibly();
        }
    }
}
