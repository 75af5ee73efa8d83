package dev.sampo.parameter.shard;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.cluster.JobId;
import dev.sampo.cluster.store.Store;
import dev.sampo.model.artifact.ModelArtifact;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A job's checkpoints in the store (invariant I5): {@code jobs/<job>/checkpoints/<clock>/shard-<i>.bin}, made visible as
 * a whole by {@code manifest.json}, which is written last. Thread-safe.
 */
public final class Checkpoints {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final Store store;
    private final JobId job;

    /** A whole checkpoint: all shards at one clock. */
    public record Manifest(long clock, int shards, List<Entry> entries) {
        /** One shard's blob. */
        public record Entry(int shard, String name, String sha256) {}

        public Manifest {
            entries = entries == null ? List.of() : List.copyOf(entries);
            if (shards < 1 || entries.size() != shards) {
                throw new IllegalArgumentException(
                        "a manifest of " + shards + " shards must name each, but names " + entries.size());
            }
        }
    }

    /** A checkpoint that was read back whole, with what each of its shards had applied, in the manifest's order. */
    public record Whole(Manifest manifest, List<ShardState.Ledger> ledgers) {}

    public Checkpoints(Store store, JobId job) {
        this.store = store;
        this.job = job;
    }

    static String folder(JobId job) {
        return "jobs/" + job + "/checkpoints";
    }

    static String folder(JobId job, long clock) {
        return folder(job) + "/" + String.format("%012d", clock);
    }

    /** Where shard {@code index} at {@code clock} is written. */
    public static String shardName(JobId job, long clock, int index) {
        return folder(job, clock) + "/shard-" + index + ".bin";
    }

    /** Writes the cut that a job starts from: the initial values, without optimizer state. */
    public void writeInitial(float[] parameters, List<ShardPlan.Range> ranges) throws IOException {
        List<Manifest.Entry> entries = new ArrayList<>();
        for (int i = 0; i < ranges.size(); i++) {
            float[] values = java.util.Arrays.copyOfRange(
                    parameters, ranges.get(i).from(), ranges.get(i).to());
            String name = shardName(job, 0, i);
            store.write(name, ShardSnapshot.initial(i, values).toBytes());
            entries.add(new Manifest.Entry(i, name, ""));
        }
        complete(new Manifest(0, ranges.size(), entries));
    }

    /** Makes a checkpoint visible; every shard's blob must be durable. */
    public void complete(Manifest manifest) throws IOException {
        store.write(folder(job, manifest.clock()) + "/manifest.json", JSON.writeValueAsBytes(manifest));
    }

    /** The newest checkpoint all of whose shards read back whole; damaged ones are told to {@code damaged}. */
    public Optional<Whole> newest(java.util.function.Consumer<String> damaged) throws IOException {
        List<String> clocks = store.list(folder(job));
        for (int i = clocks.size() - 1; i >= 0; i--) {
            String manifest = folder(job) + "/" + clocks.get(i) + "/manifest.json";
            if (!store.exists(manifest)) {
                continue;
            }
            try {
                Manifest read = JSON.readValue(store.read(manifest), Manifest.class);
                if (read == null) {
                    throw new IOException("it says null");
                }
                return Optional.of(new Whole(read, check(read)));
            } catch (IOException | IllegalArgumentException e) {
                damaged.accept("checkpoint " + store.locate(manifest) + " can't be used: " + e.getMessage());
            }
        }
        return Optional.empty();
    }

    private List<ShardState.Ledger> check(Manifest manifest) throws IOException {
        List<ShardState.Ledger> ledgers = new ArrayList<>();
        for (Manifest.Entry entry : manifest.entries()) {
            byte[] bytes = store.read(entry.name());
            String sha = ModelArtifact.sha256(bytes);
            if (!entry.sha256().isEmpty() && !entry.sha256().equals(sha)) {
                throw new IOException(
                        store.locate(entry.name()) + " is damaged: its SHA-256 is " + sha + ", not " + entry.sha256());
            }
            ShardSnapshot snapshot = ShardSnapshot.fromBytes(bytes);
            if (snapshot.clock() != manifest.clock() || snapshot.index() != entry.shard()) {
                throw new IOException(store.locate(entry.name()) + " is of shard " + snapshot.index() + " at clock "
                        + snapshot.clock());
            }
            ledgers.add(snapshot.ledger());
        }
        return ledgers;
    }

    /** The flattened parameters of a whole checkpoint. */
    public float[] parameters(long clock, List<ShardPlan.Range> ranges) throws IOException {
        float[] parameters = new float[ranges.get(ranges.size() - 1).to()];
        for (int i = 0; i < ranges.size(); i++) {
            ShardSnapshot snapshot = ShardSnapshot.fromBytes(store.read(shardName(job, clock, i)));
            System.arraycopy(snapshot.values(), 0, parameters, ranges.get(i).from(), snapshot.values().length);
        }
        return parameters;
    }

    /**
     * Removes every checkpoint but those to keep and those after them: steps go on meanwhile, so a newer one may be half
     * written.
     */
    public void prune(java.util.Set<Long> keep) throws IOException {
        long newest = keep.stream().mapToLong(Long::longValue).max().orElse(0);
        TreeMap<Long, String> found = new TreeMap<>();
        for (String clock : store.list(folder(job))) {
            if (!clock.matches("\\d{1,18}")) {
                // Not ours; whoever put it there may want it.
                continue;
            }
            found.put(Long.parseLong(clock), folder(job) + "/" + clock);
        }
        for (var each : found.entrySet()) {
            if (!keep.contains(each.getKey()) && each.getKey() < newest) {
                // The manifest first: half a checkpoint must not look whole.
                store.delete(each.getValue() + "/manifest.json");
                store.delete(each.getValue());
            }
        }
    }
}
