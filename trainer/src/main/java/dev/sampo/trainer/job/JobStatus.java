package dev.sampo.trainer.job;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sampo.cluster.JobId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A job as users see it; its JSON is the view of the control API. Mutable, owned by the job's coordinator. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public final class JobStatus {
    private static final int RECENT_MAX = 100;

    /** Where a job is in its life. */
    public enum State {
        @JsonProperty("queued")
        QUEUED,
        @JsonProperty("indexing")
        INDEXING,
        @JsonProperty("training")
        TRAINING,
        @JsonProperty("evaluating")
        EVALUATING,
        @JsonProperty("publishing")
        PUBLISHING,
        @JsonProperty("paused")
        PAUSED,
        @JsonProperty("done")
        DONE,
        @JsonProperty("failed")
        FAILED,
        @JsonProperty("cancelled")
        CANCELLED;

        boolean isFinal() {
            return this == DONE || this == FAILED || this == CANCELLED;
        }
    }

    /** One epoch's outcome. */
    public record EpochRecord(int epoch, double trainLoss, Map<String, Object> validation, double seconds) {
        /** Without what is more than a number, such as the metrics of each class. */
        EpochRecord inNumbers() {
            Map<String, Object> numbers = new LinkedHashMap<>(validation);
            numbers.values().removeIf(value -> !(value instanceof Number));
            return new EpochRecord(epoch, trainLoss, numbers, seconds);
        }
    }

    public final JobId job;
    public final String name;
    public State state = State.QUEUED;
    public @Nullable String reason;
    public @Nullable String waitingFor;
    public int epoch;
    public int epochs;
    public long step;
    public long steps;
    public @Nullable Double loss;
    public long rowsPerEpoch;
    public long validationRows;
    public long badRecords;
    public long rowsApplied;
    public @Nullable Double rowsPerSecond;
    public @Nullable Double etaSeconds;
    public int workers;
    /** How often training went back to a checkpoint. */
    public int recoveries;

    /** How often a parameter shard went on, with its state, on another node. */
    public int shardsMoved;

    /** Contributions of ranks that the steps are made of: each rank once per step. */
    public long contributions;

    /** Contributions that came once more and were not counted: by a retry, a backup or a zombie. */
    public long duplicates;

    /** Requests that workers sent again, since nobody answered. */
    public long retries;

    /** Without synchronous steps: updates between the values a gradient was computed on and itself; mean and max. */
    public @Nullable Map<String, Double> staleness;

    public @Nullable Map<String, Object> model;
    public final Map<String, Object> metrics = new LinkedHashMap<>();
    /** Every epoch so far, see {@link #forgetDetails}. */
    @JsonIgnore
    public final List<EpochRecord> history = new ArrayList<>();
    /** Epochs before this one are in numbers, but for {@link #detailedBest}. */
    private int detailedFrom;

    private int detailedBest = -1;

    public final Map<String, Double> seconds = new LinkedHashMap<>();
    public final Map<String, Object> numerics = new LinkedHashMap<>();
    public final List<String> refusedWorkers = new ArrayList<>();

    /** What was counted, as an epoch's end keeps it. */
    public record Counters(long contributions, long duplicates, long retries, int recoveries, int shardsMoved) {}

    Counters counters() {
        return new Counters(contributions, duplicates, retries, recoveries, shardsMoved);
    }

    void restore(Counters counted) {
        contributions = counted.contributions();
        duplicates = counted.duplicates();
        retries = counted.retries();
        recoveries = counted.recoveries();
        shardsMoved = counted.shardsMoved();
    }

    JobStatus(JobId job, String name) {
        this.job = job;
        this.name = name;
        for (String phase : List.of("start", "index", "train", "evaluate", "publish")) {
            seconds.put(phase, 0.0);
        }
    }

    /** Epochs that are trained and evaluated. */
    @JsonProperty
    public int epochsDone() {
        return history.size();
    }

    /** The last epochs in plain numbers: a status is a message, and a job may have a million epochs. */
    @JsonProperty("history")
    public List<EpochRecord> recentHistory() {
        List<EpochRecord> recent = new ArrayList<>();
        for (EpochRecord each : history.subList(Math.max(0, history.size() - RECENT_MAX), history.size())) {
            recent.add(each.inNumbers());
        }
        return recent;
    }

    /**
     * Keeps all metrics of the last epoch and of {@code best} only, and of the others the numbers: those of each class are most of
     * what a job of very many epochs would hold in memory.
     *
     * @param best index of the epoch whose model is kept
     */
    void forgetDetails(int best) {
        int last = Math.max(0, history.size() - 1);
        if (detailedBest >= 0 && detailedBest != best && detailedBest < last) {
            history.set(detailedBest, history.get(detailedBest).inNumbers());
        }
        for (int i = detailedFrom; i < last; i++) {
            if (i != best) {
                history.set(i, history.get(i).inNumbers());
            }
        }
        detailedFrom = last;
        detailedBest = best;
    }

    void addSeconds(String phase, double more) {
        seconds.merge(phase, more, Double::sum);
    }
}
