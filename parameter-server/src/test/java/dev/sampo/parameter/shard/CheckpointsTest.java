package dev.sampo.parameter.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.cluster.JobId;
import dev.sampo.cluster.store.FolderStore;
import dev.sampo.model.artifact.ModelArtifact;
import dev.sampo.parameter.shard.Checkpoints.Manifest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Invariant I5: what is half written or damaged is never read, and the one before is. */
class CheckpointsTest {
    private static final JobId JOB = new JobId("j-1");

    @TempDir
    private Path home;

    private FolderStore store;
    private Checkpoints checkpoints;
    private final List<String> damaged = new ArrayList<>();

    @BeforeEach
    void begin() throws IOException {
        store = new FolderStore(home);
        checkpoints = new Checkpoints(store, JOB);
        checkpoints.writeInitial(new float[] {1, 2, 3}, List.of(new ShardPlan.Range(0, 2), new ShardPlan.Range(2, 3)));
    }

    private Manifest.Entry writeShard(long clock, int index) throws IOException {
        String name = Checkpoints.shardName(JOB, clock, index);
        byte[] bytes = new ShardSnapshot(
                        index, clock, new float[] {clock, index}, new float[1][2], ShardState.Ledger.EMPTY, new long[0])
                .toBytes();
        store.write(name, bytes);
        return new Manifest.Entry(index, name, ModelArtifact.sha256(bytes));
    }

    private Manifest write(long clock) throws IOException {
        Manifest manifest = new Manifest(clock, 2, List.of(writeShard(clock, 0), writeShard(clock, 1)));
        checkpoints.complete(manifest);
        return manifest;
    }

    private long newest() throws IOException {
        return checkpoints.newest(damaged::add).orElseThrow().manifest().clock();
    }

    @Test
    void theNewestWholeOneIsRead() throws IOException {
        assertThat(newest()).isZero();
        write(10);
        write(900);
        assertThat(newest()).isEqualTo(900);
        writeShard(1000, 0);
        writeShard(1000, 1);
        assertThat(newest())
                .as("without its manifest a checkpoint is not there")
                .isEqualTo(900);
        assertThat(damaged).isEmpty();
    }

    @Test
    void everyDamageIsNamedAndTheOneBeforeIsRead() throws IOException {
        write(10);
        Path shard = store.locate(write(20).entries().get(1).name());
        byte[] good = Files.readAllBytes(shard);
        for (int at = 0; at < good.length; at += 5) {
            byte[] bad = good.clone();
            bad[at] ^= 0x40;
            Files.write(shard, bad);
            assertThat(newest()).as("byte %d", at).isEqualTo(10);
        }
        Files.write(shard, java.util.Arrays.copyOf(good, good.length / 2));
        assertThat(newest()).as("cut off").isEqualTo(10);
        Files.delete(shard);
        assertThat(newest()).as("gone").isEqualTo(10);
        assertThat(damaged).allSatisfy(each -> assertThat(each).contains("000000000020/manifest.json"));
        assertThat(damaged.get(damaged.size() - 1)).contains("shard-1.bin");
        Files.write(shard, good);
        assertThat(newest()).isEqualTo(20);
    }

    /** A whole blob in the wrong place passes its own checksum, but is another cut's. */
    @Test
    void aShardOfAnotherClockIsNotTaken() throws IOException {
        write(10);
        Manifest manifest = write(20);
        Files.copy(
                store.locate(Checkpoints.shardName(JOB, 10, 1)),
                store.locate(manifest.entries().get(1).name()),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertThat(newest()).isEqualTo(10);
    }

    @Test
    void aManifestThatDoesNotNameEveryShardIsNotTaken() throws IOException {
        write(10);
        for (String text : List.of("{}", "{\"clock\": 30, \"shards\": 2, \"entries\": []}", "null", "[", "")) {
            store.write("jobs/j-1/checkpoints/000000000030/manifest.json", text.getBytes(StandardCharsets.UTF_8));
            assertThat(newest()).as(text).isEqualTo(10);
        }
    }

    @Test
    void aFolderOfSomebodyElseIsLeftAlone() throws IOException {
        write(10);
        write(20);
        store.write("jobs/j-1/checkpoints/notes/why.txt", new byte[] {1});
        checkpoints.prune(Set.of(20L));
        assertThat(newest()).isEqualTo(20);
        assertThat(store.list("jobs/j-1/checkpoints")).containsExactly("000000000020", "notes");
    }

    @Test
    void pruningKeepsWhatIsAskedForAndWhatIsNewer() throws IOException {
        for (long clock : new long[] {10, 20, 30, 40}) {
            write(clock);
        }
        checkpoints.prune(Set.of(10L, 30L));
        assertThat(store.list("jobs/j-1/checkpoints")).containsExactly("000000000010", "000000000030", "000000000040");
    }

    @Test
    void parametersAreFlattenedInShardOrder() throws IOException {
        List<ShardPlan.Range> ranges = List.of(new ShardPlan.Range(0, 2), new ShardPlan.Range(2, 3));
        assertThat(checkpoints.parameters(0, ranges)).containsExactly(1, 2, 3);
    }
}
