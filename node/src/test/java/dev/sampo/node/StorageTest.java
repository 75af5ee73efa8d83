package dev.sampo.node;

import static dev.sampo.node.TestCluster.JSON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.node.client.JobClient;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that is full, or a checkpoint folder that is read-only, under a job: the job waits and says why, goes on, and gives the same bits. */
class StorageTest {
    @TempDir
    private Path folder;

    private Path disk;

    /** A small disk of the test's own; only root may make one. */
    private void mount() throws Exception {
        disk = Files.createDirectories(folder.resolve("disk"));
        assumeTrue(run("mount", "-t", "tmpfs", "-o", "size=48m", "sampo-test", disk.toString()), "needs root to mount");
    }

    @AfterEach
    void unmount() throws Exception {
        if (disk != null) {
            run("umount", "-l", disk.resolve("jobs/patient-1/checkpoints").toString());
            run("umount", "-l", disk.toString());
        }
    }

    private static boolean run(String... command) throws Exception {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        return process.waitFor() == 0;
    }

    private interface Act {
        void run() throws Exception;
    }

    /** Trains the same job undisturbed, and on the small disk with trouble after some epochs. */
    private void trouble(String reason, Act begin, Act end) throws Exception {
        ObjectNode job = TestCluster.spec("patient", TestCluster.rows(folder));
        // An epoch takes 4 ms: enough of them that the trouble comes long before the job is done.
        job.withObject("/training").put("epochs", 400);
        String alone;
        try (TestCluster cluster = TestCluster.of(Files.createDirectories(folder.resolve("alone")), 2);
                JobClient client = cluster.client()) {
            alone = TestCluster.sha(TestCluster.train(client, job));
        }
        mount();
        try (TestCluster cluster = TestCluster.of(disk, 2);
                JobClient client = cluster.client()) {
            String id = TestCluster.submit(client, job);
            await(client, id, view -> view.path("epochsDone").asInt() >= 3);
            begin.run();
            JsonNode waiting = await(client, id, view -> view.hasNonNull("waitingFor"));
            assertThat(waiting.path("waitingFor").asText()).containsIgnoringCase(reason);
            Thread.sleep(2_000);
            end.run();
            JsonNode done =
                    await(client, id, view -> view.path("state").asText().matches("done|failed"));
            assertThat(TestCluster.sha(done)).isEqualTo(alone);
        }
    }

    private static JsonNode await(JobClient client, String job, Predicate<JsonNode> wanted) throws Exception {
        JsonNode view = JSON.missingNode();
        for (int i = 0; i < 3_000; i++) {
            view = TestCluster.status(client, job);
            if (wanted.test(view)) {
                return view;
            }
            Thread.sleep(20);
        }
        throw new AssertionError("not in time: " + view);
    }

    @Test
    void aFullDiskIsWaitedFor() throws Exception {
        trouble("no space left", this::fill, () -> Files.delete(disk.resolve("filler")));
    }

    private void fill() throws IOException {
        try (OutputStream filler = Files.newOutputStream(disk.resolve("filler"))) {
            while (true) {
                filler.write(new byte[1 << 20]);
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("No space left");
        }
    }

    @Test
    void aReadOnlyCheckpointFolderIsWaitedFor() throws Exception {
        String checkpoints = folder.resolve("disk/jobs/patient-1/checkpoints").toString();
        trouble(
                "read-only",
                () -> {
                    assertThat(run("mount", "--bind", checkpoints, checkpoints)).isTrue();
                    assertThat(run("mount", "-o", "remount,bind,ro", checkpoints))
                            .isTrue();
                },
                () -> assertThat(run("umount", checkpoints)).isTrue());
    }
}
