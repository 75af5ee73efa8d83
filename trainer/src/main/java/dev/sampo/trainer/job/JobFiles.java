package dev.sampo.trainer.job;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.cluster.JobId;
import dev.sampo.cluster.store.Store;
import dev.sampo.ingestion.index.IngestPlan;
import dev.sampo.ingestion.stream.RankStream;
import dev.sampo.model.artifact.ModelArtifact;
import dev.sampo.model.artifact.ModelDocument;
import dev.sampo.model.feature.FeaturePipeline;
import dev.sampo.model.metric.Evaluation;
import dev.sampo.model.network.ModelSpec;
import dev.sampo.model.network.Network;
import dev.sampo.parameter.shard.Checkpoints;
import dev.sampo.parameter.shard.ShardPlan;
import dev.sampo.trainer.spec.JobSpec;
import dev.sampo.trainer.spec.JobSpecs;
import dev.sampo.trainer.worker.TrainPlan;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The blocking work of a {@link JobCoordinator}: what it reads from and writes to the store. Thread-safe. */
final class JobFiles {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final TypeReference<LinkedHashMap<String, Object>> MAP = new TypeReference<>() {};
    private final JobId job;
    private final JobSpec spec;
    private final Store store;
    private final Checkpoints checkpoints;

    /** A job whose data is indexed: everything that follows from the spec and the data. */
    record Prepared(TrainPlan plan, List<ShardPlan> shards, Network network, FeaturePipeline pipeline) {}

    JobFiles(JobId job, JobSpec spec, Store store) {
        this.job = job;
        this.spec = spec;
        this.store = store;
        checkpoints = new Checkpoints(store, job);
    }

    Checkpoints checkpoints() {
        return checkpoints;
    }

    String snapshotName(long clock, int shard) {
        return Checkpoints.shardName(job, clock, shard);
    }

    private ModelSpec model() {
        return Objects.requireNonNull(spec.model(), "a checked spec has a model");
    }

    void writeSpec() throws IOException {
        store.write("jobs/" + job + "/spec.json", JobSpecs.toJson(spec).getBytes(StandardCharsets.UTF_8));
    }

    IngestPlan ingestPlan() {
        var training = spec.training();
        return new IngestPlan(
                job,
                Objects.requireNonNull(spec.data(), "a checked spec has data"),
                spec.features(),
                training.ranks(),
                training.batchSize(),
                training.seed(),
                spec.onBadRecord(),
                model().skipsZeros());
    }

    /** Fixes the plan once the features are fitted, and writes the checkpoint that the job starts from. */
    Prepared prepare(long rows, long validationRows) throws IOException {
        Prepared made = plan(rows, validationRows, null);
        store.write(TrainPlan.blob(job), JSON.writeValueAsBytes(made.plan()));
        float[] parameters = new float[made.network().parameterCount()];
        made.network().initialize(spec.training().seed(), parameters);
        checkpoints.writeInitial(parameters, made.plan().shards());
        return made;
    }

    /** The same plan again from the spec and the fitted features, in the shards of its checkpoints. */
    Prepared reload(long rows, long validationRows) throws IOException {
        TrainPlan before = JSON.readValue(store.read(TrainPlan.blob(job)), TrainPlan.class);
        return plan(rows, validationRows, before.shards());
    }

    /** @param shards null where the job has none yet */
    private Prepared plan(long rows, long validationRows, @Nullable List<ShardPlan.Range> shards) throws IOException {
        if (rows == 0) {
            throw new IOException("data.train: not one usable row; look at onBadRecord and validationFraction");
        }
        FeaturePipeline pipeline = FeaturePipeline.fromJson(
                new String(store.read("jobs/" + job + "/features.json"), StandardCharsets.UTF_8));
        var training = spec.training();
        var problems = new dev.sampo.model.spec.Problems();
        model().check("model", pipeline.target().kind(), problems);
        problems.orThrow(IOException::new);
        Network network = Network.of(model(), pipeline.width(), pipeline.target());
        int stepsPerEpoch = RankStream.stepsPerEpoch(rows, training.ranks(), training.batchSize());
        int evaluationSteps = validationRows == 0
                ? 0
                : RankStream.stepsPerEpoch(validationRows, training.ranks(), training.batchSize());
        List<ShardPlan.Range> ranges = shards != null
                ? shards
                : ShardPlan.cut(
                        network.parameterCount(), spec.parameterServer().shardFloatsOf(network.parameterCount()));
        Double clipNorm = training.gradientClipping() == null
                ? null
                : training.gradientClipping().norm();
        TrainPlan plan = new TrainPlan(
                job,
                model(),
                pipeline.width(),
                pipeline.target(),
                training.ranks(),
                training.batchSize(),
                training.seed(),
                training.epochs(),
                stepsPerEpoch,
                evaluationSteps,
                ranges,
                clipNorm,
                training.checkpoint() == null || training.checkpoint().everySteps() == null
                        ? 0
                        : training.checkpoint().everySteps(),
                training.consistency().plan(),
                training.gradientCompression().plan());
        return new Prepared(plan, shardPlans(network, ranges, plan), network, pipeline);
    }

    private List<ShardPlan> shardPlans(Network network, List<ShardPlan.Range> ranges, TrainPlan plan) {
        var training = spec.training();
        List<ShardPlan.Range> regularized = network.tensors().stream()
                .filter(Network.Tensor::regularized)
                .map(tensor -> new ShardPlan.Range(
                        tensor.offset(),
                        tensor.offset() + tensor.shape().stream().reduce(1, Math::multiplyExact)))
                .toList();
        List<ShardPlan> shards = new ArrayList<>();
        for (int i = 0; i < ranges.size(); i++) {
            var range = ranges.get(i);
            shards.add(new ShardPlan(
                    job,
                    i,
                    range.from(),
                    range.to() - range.from(),
                    ShardPlan.within(regularized, range.from(), range.to()),
                    plan.ranks(),
                    plan.stepsPerEpoch(),
                    (long) plan.stepsPerEpoch() * plan.epochs(),
                    training.optimizer(),
                    training.schedule(),
                    training.regularization(),
                    // Otherwise whoever computes a rank's gradient has the whole of it, and clips it there.
                    plan.consistency().synchronous() ? plan.clipNorm() : null,
                    training.gradientClipping() == null
                            ? null
                            : training.gradientClipping().value(),
                    plan.checkpointEverySteps(),
                    spec.parameterServer().replication(),
                    plan.consistency(),
                    plan.compression()));
        }
        return shards;
    }

    /** Merges the ranks' metrics in rank order, so that sums are the same bits whoever made the parts. */
    Map<String, Object> mergeEvaluations(int incarnation, int epoch, Prepared prepared) throws IOException {
        TrainPlan plan = prepared.plan();
        if (plan.evaluationSteps() == 0) {
            return new LinkedHashMap<>();
        }
        var loss = prepared.network().loss();
        Evaluation merged = Evaluation.of(plan.target(), loss);
        for (int rank = 0; rank < plan.ranks(); rank++) {
            byte[] part = store.read(TrainPlan.evaluationBlob(job, incarnation, epoch, rank));
            merged.merge(Evaluation.fromBytes(plan.target(), loss, part));
        }
        return new LinkedHashMap<>(merged.result());
    }

    /** The ranks' metrics of an epoch are merged, and kept as such. */
    void forgetEvaluations(int incarnation, int epoch) throws IOException {
        store.delete("jobs/" + job + "/evaluation/" + incarnation + "-" + epoch);
    }

    private String epochBlob(int epoch) {
        return "jobs/" + job + "/epochs/" + epoch + ".json";
    }

    /**
     * Keeps what an epoch came to beside its checkpoint. The journal says it too, but an embedded database may lose its last
     * half second when the process is killed, and the checkpoint does not.
     */
    void writeEpoch(JobProgress.EpochEnded ended) throws IOException {
        store.write(epochBlob(ended.epoch().epoch()), JSON.writeValueAsBytes(ended));
    }

    /** The epochs from {@code first} on that were kept without a gap. */
    List<JobProgress.EpochEnded> epochsFrom(int first) throws IOException {
        List<JobProgress.EpochEnded> found = new ArrayList<>();
        for (int epoch = first; store.exists(epochBlob(epoch)); epoch++) {
            found.add(JSON.readValue(store.read(epochBlob(epoch)), JobProgress.EpochEnded.class));
        }
        return found;
    }

    /** Makes the model version visible in one step; gives the view's {@code model} object. */
    Map<String, Object> publish(
            long clock, Prepared prepared, Map<String, Object> metrics, Map<String, Object> numerics, long rows)
            throws IOException {
        float[] weights = checkpoints.parameters(clock, prepared.plan().shards());
        String base = "models/" + spec.name();
        int published = publishedVersion(base);
        if (published > 0) {
            return described(base, published, store.read(base + "/" + published + "/" + ModelArtifact.WEIGHTS));
        }
        int version = nextVersion(base);
        while (true) {
            JsonNode specTree = JSON.readTree(JobSpecs.toJson(spec));
            Map<String, byte[]> files = ModelArtifact.files(
                    ModelDocument.of(
                            spec.name(),
                            version,
                            job.value(),
                            Instant.now().toString(),
                            model(),
                            prepared.pipeline(),
                            JSON.convertValue(metrics, MAP),
                            specTree,
                            numerics,
                            spec.training().seed(),
                            rows),
                    prepared.pipeline(),
                    prepared.network(),
                    weights);
            String temporary = base + "/.publish-" + job;
            store.delete(temporary);
            for (var file : files.entrySet()) {
                store.write(temporary + "/" + file.getKey(), file.getValue());
            }
            try {
                store.move(temporary, base + "/" + version);
            } catch (FileAlreadyExistsException e) {
                version++;
                continue;
            }
            return described(base, version, Objects.requireNonNull(files.get(ModelArtifact.WEIGHTS)));
        }
    }

    private Map<String, Object> described(String base, int version, byte[] weights) {
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("name", spec.name());
        model.put("version", version);
        model.put("path", store.locate(base + "/" + version).toString());
        model.put("weightsSha256", ModelArtifact.sha256(weights));
        return model;
    }

    /** The version this job published before its coordinator began again, or 0. */
    private int publishedVersion(String base) throws IOException {
        for (String version : store.list(base)) {
            String model = base + "/" + version + "/" + ModelArtifact.MODEL;
            if (version.matches("[1-9]\\d{0,8}")
                    && store.exists(model)
                    && JSON.readTree(store.read(model)).path("job").asText().equals(job.value())) {
                return Integer.parseInt(version);
            }
        }
        return 0;
    }

    private int nextVersion(String base) throws IOException {
        return store.list(base).stream()
                        .filter(name -> name.matches("[1-9]\\d{0,8}"))
                        .mapToInt(Integer::parseInt)
                        .max()
                        .orElse(0)
                + 1;
    }

    /** Removes what only a running job needs; the spec stays, and with it the job's number. */
    void cleanUp() {
        try {
            for (String part : List.of("checkpoints", "evaluation", "epochs", "ingest", "plan.json")) {
                store.delete("jobs/" + job + "/" + part);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("can't clean up job " + job, e);
        }
    }
}
