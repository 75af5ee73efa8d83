package dev.sampo.trainer.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.cluster.JobId;
import dev.sampo.cluster.journal.Journal;
import dev.sampo.ingestion.index.Indexing;
import dev.sampo.parameter.shard.Checkpoints;
import dev.sampo.parameter.shard.Checkpoints.Manifest;
import dev.sampo.parameter.shard.ParameterShard;
import dev.sampo.parameter.shard.ParameterShard.ShardEvent;
import dev.sampo.parameter.shard.ShardPlan;
import dev.sampo.parameter.shard.ShardSharding;
import dev.sampo.parameter.shard.ShardState;
import dev.sampo.trainer.job.JobStatus.State;
import dev.sampo.trainer.spec.EarlyStoppingSpec;
import dev.sampo.trainer.spec.JobSpec;
import dev.sampo.trainer.worker.Worker;
import dev.sampo.trainer.worker.Worker.WorkerEvent;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.typed.Cluster;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.event.Level;

/**
 * Runs one job from its data to its published model; the only writer of its {@link JobStatus}.
 *
 * <p>{@code indexing -> training <-> evaluating -> publishing -> done}; {@code training <-> paused} by the user;
 * {@code failed} by a named reason and {@code cancelled} by the user from anywhere. Training that loses a shard's state goes
 * back to the newest whole checkpoint under the next incarnation.
 */
final class JobCoordinator extends AbstractBehavior<JobCoordinator.Command> {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int INCARNATIONS_SKIPPED = 100;
    private static final Duration TICK = Duration.ofMillis(200);
    private static final long START_RETRY_MS = 2_000;
    private static final long SAVED_WITHIN_MS = 2_000;

    /** What a coordinator understands. */
    sealed interface Command {}

    /** What a user may ask for, and the manager's word that the end of the job is durable. */
    public enum Control implements Command {
        PAUSE,
        RESUME,
        CANCEL,
        CLEAN_UP
    }

    private enum Tick implements Command {
        INSTANCE
    }

    private record FromIndexing(Indexing.Outcome outcome) implements Command {}

    private record FromShard(ShardEvent event) implements Command {}

    private record FromWorker(WorkerEvent event) implements Command {}

    private record Workers(Receptionist.Listing listing) implements Command {}

    /** The end of blocking work; {@code then} runs in the actor. */
    private record Ended(Runnable then) implements Command {}

    /** The newest view of a job, for the manager. */
    record Update(JobId job, State state, String json) {}

    private final JobFiles files;
    private final TrainerServices services;
    private final Consumer<Update> publish;
    private final JobStatus status;
    private final FileWork work;
    private final MissingPeers peers;
    private final ActorRef<ShardEvent> fromShards;
    private final ActorRef<WorkerEvent> fromWorkers;
    private final WorkerPool<ActorRef<Worker.Command>> pool;
    private final Stragglers<ActorRef<Worker.Command>> stragglers = new Stragglers<>();
    private final @Nullable EarlyStoppingSpec stopping;
    private final Logger log;
    private final ActorRef<Journal.Command<JobProgress>> journal;
    private BestEpoch best;
    private final TimedCheckpoints timed;
    private Set<ActorRef<Worker.Command>> reachable = Set.of();
    private final Set<Integer> shardsStarted = new HashSet<>();
    private final Map<ActorRef<Worker.Command>, Long> retriesOf = new HashMap<>();
    private final long bornMs = nowMs();
    private JobFiles.@Nullable Prepared prepared;
    private @Nullable EpochLedger ledger;
    private int incarnation;
    private long startClock;
    private long startAskedMs;
    private long startFirstAskedMs;
    /** Whether the shards of this incarnation were asked to start; not while a checkpoint is looked for. */
    private boolean shardsAsked;
    /** Whether the newest checkpoint is being looked for. */
    private boolean recovering;

    private long phaseBeganMs = nowMs();
    private long epochBeganMs = nowMs();
    private double epochEvaluateSeconds;
    private long rateClockMs = nowMs();
    private long rateRows;
    private boolean concluding;
    /** Whether the journal has yet to say that it has the newest epoch; one at most, the next one waits for that. */
    private boolean recordingEpoch;

    private boolean askedToPause;
    private boolean dirty = true;
    private long savedSoughtMs;
    private String journalTrouble = "";

    static Behavior<Command> create(JobId job, JobSpec spec, TrainerServices services, Consumer<Update> publish) {
        return Behaviors.setup(context ->
                Behaviors.withTimers(timers -> new JobCoordinator(context, timers, job, spec, services, publish)));
    }

    private JobCoordinator(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            JobId job,
            JobSpec spec,
            TrainerServices services,
            Consumer<Update> publish) {
        super(context);
        this.services = services;
        this.publish = publish;
        log = context.getLog();
        status = new JobStatus(job, spec.name());
        status.epochs = spec.training().epochs();
        status.numerics.put("mode", spec.numerics());
        files = new JobFiles(job, spec, services.store());
        pool = new WorkerPool<>(
                spec.training().ranks(),
                spec.numerics().equals("portable"),
                System.getProperty("os.arch").equals("amd64"));
        var checkpoint = spec.training().checkpoint();
        timed = new TimedCheckpoints(checkpoint == null ? 0 : checkpoint.everyMs(), nowMs());
        stopping = spec.training().earlyStopping();
        best = BestEpoch.of(stopping);
        peers = new MissingPeers(
                services.neededRoles(), services.missingRolePatience().toMillis());
        ActorRef<Command> self = context.getSelf();
        work = new FileWork(
                context.getSystem().dispatchers().lookup(DispatcherSelector.fromConfig("sampo.blocking-dispatcher")),
                new FileWork.Owner() {
                    @Override
                    public void run(Runnable then) {
                        self.tell(new Ended(then));
                    }

                    @Override
                    public void runLater(Duration delay, Runnable then) {
                        context.scheduleOnce(delay, self, new Ended(then));
                    }

                    @Override
                    public void failed(String reason) {
                        fail(reason);
                    }

                    @Override
                    public void waits(@Nullable String forWhat) {
                        waitForStorage(forWhat);
                    }
                });
        fromShards = context.messageAdapter(ShardEvent.class, FromShard::new);
        fromWorkers = context.messageAdapter(WorkerEvent.class, FromWorker::new);
        context.getSystem()
                .receptionist()
                .tell(Receptionist.subscribe(
                        Worker.KEY, context.messageAdapter(Receptionist.Listing.class, Workers::new)));
        timers.startTimerWithFixedDelay(Tick.INSTANCE, TICK);
        journal = context.spawn(
                Journal.create("job-" + job, new Journal.Owner<>() {
                    @Override
                    public void recovered(List<JobProgress> facts) {
                        self.tell(new Ended(() -> onRecovered(facts)));
                    }

                    @Override
                    public void trouble(String reason) {
                        self.tell(new Ended(() -> onJournalTrouble(reason)));
                    }
                }),
                "journal",
                DispatcherSelector.fromConfig("sampo.blocking-dispatcher"));
        // Without its journal nothing would be durable: the death pact ends this coordinator, and it begins again.
        context.watch(journal);
    }

    // ---- what is durable ----

    /** What is to be recorded waits; training goes on as far as it needs no record. */
    private void onJournalTrouble(String reason) {
        journalTrouble = reason;
        waitFor(reason.isEmpty() ? null : reason);
    }

    /** Goes on once the fact is durable. */
    private void record(JobProgress fact, Runnable then) {
        ActorRef<Command> self = getContext().getSelf();
        journal.tell(new Journal.Append<>(fact, () -> self.tell(new Ended(then))));
    }

    private void onRecovered(List<JobProgress> facts) {
        JobProgress.DataIndexed indexed = null;
        for (JobProgress fact : facts) {
            if (fact instanceof JobProgress.DataIndexed data) {
                indexed = data;
            } else if (fact instanceof JobProgress.ShardsStarted started) {
                incarnation = Math.max(incarnation, started.incarnation());
            } else if (fact instanceof JobProgress.EpochEnded ended) {
                restore(ended);
            }
        }
        if (indexed == null) {
            beginIndexing();
        } else {
            resume(indexed);
        }
    }

    private void restore(JobProgress.EpochEnded ended) {
        if (ended.epoch().epoch() == status.history.size() + 1) {
            book(ended);
            status.restore(ended.counters());
        }
    }

    /** An epoch is over: it and its time stand in the status. */
    private void book(JobProgress.EpochEnded ended) {
        status.history.add(ended.epoch());
        status.rowsApplied = ended.rowsApplied();
        double evaluate = Math.min(ended.epoch().seconds(), ended.evaluateSeconds());
        status.addSeconds("evaluate", evaluate);
        status.addSeconds("train", ended.epoch().seconds() - evaluate);
    }

    /** An earlier coordinator of this job is gone; it goes on from the newest checkpoint. */
    private void resume(JobProgress.DataIndexed indexed) {
        enter(State.TRAINING);
        // Beyond any start that an embedded database forgot with its last half second.
        incarnation += INCARNATIONS_SKIPPED;
        status.rowsPerEpoch = indexed.rowsPerEpoch();
        status.validationRows = indexed.validationRows();
        status.badRecords = indexed.badRecords();
        status.seconds.put("start", indexed.startSeconds());
        status.seconds.put("index", indexed.indexSeconds());
        int next = status.history.size() + 1;
        work.once(() -> files.epochsFrom(next), kept -> {
            kept.forEach(this::restore);
            work.once(() -> files.reload(indexed.rowsPerEpoch(), indexed.validationRows()), made -> {
                take(made);
                recover("its coordinator began again");
            });
        });
    }

    private void take(JobFiles.Prepared made) {
        prepared = made;
        ledger = new EpochLedger(made.plan().ranks(), made.shards().size());
        status.steps = (long) made.plan().stepsPerEpoch() * made.plan().epochs();
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(FromWorker.class, message -> handled(() -> onWorker(message.event())))
                .onMessage(FromShard.class, message -> handled(() -> onShard(message.event())))
                .onMessage(FromIndexing.class, message -> handled(() -> onIndexing(message.outcome())))
                .onMessage(Workers.class, message -> handled(() -> onWorkers(message.listing())))
                .onMessage(Ended.class, message -> handled(message.then()))
                .onMessage(Control.class, this::onControl)
                .onMessageEquals(Tick.INSTANCE, this::onTick)
                .build();
    }

    /** Whatever a message finds, a fault of this coordinator fails its job and nothing else. */
    private Behavior<Command> handled(Runnable handler) {
        if (status.state.isFinal()) {
            return this;
        }
        try {
            handler.run();
        } catch (RuntimeException e) {
            getContext().getLog().error("job={} coordinator failed", status.job, e);
            fail("coordinator: " + e);
        }
        return this;
    }

    // ---- indexing ----

    private void beginIndexing() {
        enter(State.INDEXING);
        work.once(
                () -> {
                    files.writeSpec();
                    return files.ingestPlan();
                },
                plan -> {
                    status.seconds.put("start", (nowMs() - bornMs) / 1e3);
                    phaseBeganMs = nowMs();
                    getContext()
                            .spawn(
                                    Indexing.create(
                                            services.store(),
                                            plan,
                                            services.ingest(),
                                            getContext().messageAdapter(Indexing.Outcome.class, FromIndexing::new)),
                                    "indexing",
                                    DispatcherSelector.fromConfig("sampo.blocking-dispatcher"));
                });
    }

    private void onIndexing(Indexing.Outcome outcome) {
        if (outcome instanceof Indexing.Failed failed) {
            fail(failed.reason());
        } else if (outcome instanceof Indexing.Indexed indexed) {
            status.rowsPerEpoch = indexed.rowsPerEpoch();
            status.validationRows = indexed.validationRows();
            status.badRecords = indexed.badRecords();
            work.once(() -> files.prepare(indexed.rowsPerEpoch(), indexed.validationRows()), this::onPrepared);
        }
    }

    private void onPrepared(JobFiles.Prepared made) {
        status.addSeconds("index", (nowMs() - phaseBeganMs) / 1e3);
        take(made);
        record(
                new JobProgress.DataIndexed(
                        status.rowsPerEpoch,
                        status.validationRows,
                        status.badRecords,
                        status.seconds.getOrDefault("start", 0.0),
                        status.seconds.getOrDefault("index", 0.0)),
                () -> startShards(0));
    }

    // ---- training ----

    private void startShards(long clock) {
        incarnation++;
        startClock = clock;
        shardsStarted.clear();
        shardsAsked = false;
        startFirstAskedMs = nowMs();
        record(new JobProgress.ShardsStarted(incarnation), () -> {
            enter(askedToPause ? State.PAUSED : State.TRAINING);
            epochBeganMs = nowMs();
            askShardsToStart();
        });
    }

    private void askShardsToStart() {
        JobFiles.Prepared made = prepared();
        startAskedMs = nowMs();
        shardsAsked = true;
        for (var shard : made.shards()) {
            if (!shardsStarted.contains(shard.index())) {
                tellShard(
                        shard.index(),
                        new ParameterShard.Start(
                                shard, incarnation, files.snapshotName(startClock, shard.index()), fromShards));
            }
        }
    }

    private boolean shardsReady() {
        return prepared != null && shardsStarted.size() == prepared.shards().size();
    }

    private void onShard(ShardEvent event) {
        if (event instanceof ParameterShard.Started started) {
            onStarted(started);
        } else if (event instanceof ParameterShard.StartedLater later) {
            if (later.incarnation() == incarnation && !shardsReady()) {
                incarnation = later.later();
                recover("shard " + later.shard() + " was started by a coordinator whose word the journal lost");
            }
        } else if (event instanceof ParameterShard.StartFailed failed) {
            fail("shard " + failed.shard() + " can't start: " + failed.reason());
        } else if (event instanceof ParameterShard.TookOver moved) {
            if (moved.incarnation() == incarnation) {
                status.shardsMoved++;
                dirty = true;
            }
        } else if (event instanceof ParameterShard.Saved saved) {
            onSaved(saved);
        } else if (event instanceof ParameterShard.SaveFailed failed) {
            work.isAway("a checkpoint: " + failed.reason());
            if (failed.incarnation() == incarnation && failed.clock() == epochEnd()) {
                retrySave(failed.shard(), failed.clock());
            }
        } else if (event instanceof ParameterShard.Lost lost) {
            if (lost.incarnation() == incarnation && shardsReady()) {
                recover("shard " + lost.shard() + " lost its state");
            }
        } else if (event instanceof ParameterShard.SavePassed passed) {
            if (passed.incarnation() == incarnation) {
                timed.passed(passed.clock(), passed.current());
            }
        } else if (event instanceof ParameterShard.Diverged diverged) {
            if (diverged.incarnation() == incarnation) {
                fail("training diverged at step " + diverged.clock() + ": " + diverged.reason()
                        + "; lower training.optimizer.learningRate, add training.gradientClipping {norm: 1},"
                        + " or standardize the features");
            }
        }
    }

    private void onStarted(ParameterShard.Started started) {
        if (started.incarnation() != incarnation || shardsStarted.contains(started.shard())) {
            return;
        }
        if (started.clock() != startClock) {
            // Nobody was dealt ranks yet, so it is not by this coordinator that it went on.
            recover("shard " + started.shard() + " was started before, by a coordinator whose word the journal lost");
        } else if (shardsStarted.add(started.shard()) && shardsReady()) {
            deal();
        }
    }

    private void retrySave(int shard, long clock) {
        getContext()
                .scheduleOnce(
                        Duration.ofSeconds(2),
                        getContext().getSelf(),
                        new Ended(() -> tellShard(shard, new ParameterShard.SaveAt(incarnation, clock, fromShards))));
    }

    private void onSaved(ParameterShard.Saved saved) {
        if (saved.incarnation() != incarnation) {
            return;
        }
        status.duplicates += saved.duplicates();
        var part =
                new EpochLedger.Saved(new Manifest.Entry(saved.shard(), saved.name(), saved.sha256()), saved.ledger());
        ledger().saved(saved.clock(), part)
                .ifPresent(manifest -> work.patiently(
                        () -> {
                            files.checkpoints().complete(manifest);
                            return manifest.clock();
                        },
                        clock -> {
                            timed.saved(clock, nowMs());
                            concludeEpochIfDone();
                            if (clock % prepared().plan().stepsPerEpoch() != 0) {
                                prune(clock);
                            }
                        }));
    }

    /** A frozen worker must not hold up the others until the failure detector has made sure. */
    private void seekStragglers() {
        boolean atEpochEnd = concluding || recordingEpoch && ledger().allRanksFinished();
        if (status.state != State.TRAINING || atEpochEnd || !shardsReady()) {
            stragglers.begin(nowMs());
            return;
        }
        if (stragglers.isStuck(nowMs())
                && status.waitingFor == null
                && peers.missing(seen(), nowMs()).isEmpty()) {
            stragglers.begin(nowMs());
            recover("no step was applied for long, though nobody is missing; the workers' logs say what they wait for");
            return;
        }
        var look = stragglers.look(pool.accepted(), nowMs());
        if (look.ask()) {
            pool.accepted().forEach(worker -> worker.tell(new Worker.Describe(fromWorkers)));
            // The word that a worker waits for may have been lost.
            pool.dealt().forEach(this::assign);
        }
        if (!look.suspects().isEmpty()) {
            log.warn(
                    "job={} deals without workers that do not answer, until they do: {}",
                    status.job,
                    look.suspects().stream().map(worker -> worker.path()).toList());
            look.suspects().forEach(pool::suspect);
            deal();
        }
    }

    private void onWorkers(Receptionist.Listing listing) {
        reachable = listing.getServiceInstances(Worker.KEY);
        askWorkersToDescribe();
    }

    /** Asked again at every tick, until each has answered: a message may be lost. */
    private void askWorkersToDescribe() {
        List<ActorRef<Worker.Command>> before = pool.accepted();
        for (ActorRef<Worker.Command> fresh : pool.present(reachable)) {
            fresh.tell(new Worker.Describe(fromWorkers));
        }
        if (!pool.accepted().equals(before)) {
            deal();
            // Whoever is about to stop waits for this.
            before.stream()
                    .filter(worker -> !pool.accepted().contains(worker))
                    .forEach(worker -> worker.tell(new Worker.Release(status.job)));
        }
    }

    /** Deals the ranks among the workers present; called on every change of workers, shards or pause. */
    private void deal() {
        status.workers = pool.accepted().size();
        dirty = true;
        if (!shardsReady()
                || status.state == State.PAUSED
                || status.state.isFinal()
                || status.state == State.PUBLISHING) {
            return;
        }
        int before = pool.generation();
        Set<ActorRef<Worker.Command>> idle = new HashSet<>(pool.accepted());
        List<WorkerPool.Deal<ActorRef<Worker.Command>>> deals = pool.deal();
        if (pool.generation() != before) {
            log.info(
                    "job={} ranks={} dealt to workers={}",
                    status.job,
                    prepared().plan().ranks(),
                    deals.size());
            ledger().forgetRanks();
        }
        for (var deal : deals) {
            idle.remove(deal.worker());
            assign(deal);
        }
        idle.forEach(worker -> worker.tell(new Worker.Release(status.job)));
    }

    private int currentEpoch() {
        return status.history.size();
    }

    private long epochEnd() {
        return (currentEpoch() + 1L) * prepared().plan().stepsPerEpoch();
    }

    private void onWorker(WorkerEvent event) {
        if (event instanceof Worker.Described described) {
            if (!reachable.contains(described.worker())) {
                return;
            }
            stragglers.answered(described.worker());
            List<ActorRef<Worker.Command>> before = pool.accepted();
            pool.described(described.worker(), described.kernel(), described.threads(), described.fingerprint())
                    .ifPresentOrElse(
                            reason -> {
                                String text = described.worker().path() + ": " + reason;
                                status.refusedWorkers.add(text);
                                getContext().getLog().warn("job={} worker refused, {}", status.job, text);
                            },
                            () -> {
                                status.numerics.put("kernel", described.kernel());
                                status.numerics.put("threadsPerLane", described.threads());
                                status.numerics.put("fingerprint", described.fingerprint());
                                if (!pool.accepted().equals(before)) {
                                    deal();
                                }
                            });
        } else if (event instanceof Worker.Progressed progressed) {
            if (progressed.incarnation() == incarnation) {
                onProgress(progressed);
            }
        } else if (event instanceof Worker.EpochFinished finished) {
            if (finished.incarnation() == incarnation
                    && finished.generation() == pool.generation()
                    && finished.epoch() == currentEpoch()) {
                epochEvaluateSeconds = Math.max(epochEvaluateSeconds, finished.evaluateSeconds());
                countRetries(finished);
                stragglers.advanced(0, nowMs());
                ledger().ranksFinished(finished.lo(), finished.hi());
                concludeEpochIfDone();
            }
        } else if (event instanceof Worker.ShardLost lost) {
            if (lost.incarnation() == incarnation && shardsReady()) {
                recover("shard " + lost.shard() + " lost its state");
            }
        } else if (event instanceof Worker.ResidualsLost lost) {
            if (lost.incarnation() == incarnation && lost.generation() == pool.generation() && shardsReady()) {
                recover("ranks were dealt again at step " + lost.clock() + ", and what they had not sent is lost");
            }
        } else if (event instanceof Worker.StorageAway away) {
            if (away.incarnation() == incarnation && away.generation() == pool.generation()) {
                work.isAway(away.reason());
            }
        } else if (event instanceof Worker.Failed failed) {
            // One that was dealt no ranks since may have failed at what nobody needs any more.
            if (failed.incarnation() == incarnation && failed.generation() == pool.generation()) {
                fail(failed.reason());
            }
        }
    }

    private void countRetries(Worker.EpochFinished finished) {
        long before = retriesOf.getOrDefault(finished.worker(), 0L);
        // Fewer than before: the worker began anew, and counts from 0.
        status.retries += finished.retries() >= before ? finished.retries() - before : finished.retries();
        retriesOf.put(finished.worker(), finished.retries());
    }

    private void onProgress(Worker.Progressed progressed) {
        if (progressed.clock() > status.step) {
            stragglers.advanced(progressed.clock() - status.step, nowMs());
        }
        status.step = progressed.clock();
        status.rowsApplied = progressed.rowsApplied();
        status.loss = Double.isFinite(progressed.loss()) ? progressed.loss() : null;
        status.epoch = (int)
                Math.min(status.epochs, progressed.clock() / prepared().plan().stepsPerEpoch() + 1);
        long now = nowMs();
        if (now - rateClockMs >= 500) {
            double rate = (progressed.rowsApplied() - rateRows) * 1e3 / (now - rateClockMs);
            if (rate > 0) {
                status.rowsPerSecond = rate;
                status.etaSeconds = (status.rowsPerEpoch * (double) status.epochs - progressed.rowsApplied()) / rate;
            }
            rateClockMs = now;
            rateRows = progressed.rowsApplied();
        }
        dirty = true;
    }

    private void concludeEpochIfDone() {
        EpochLedger done = ledger();
        if (concluding
                || recordingEpoch
                || status.state != State.TRAINING
                || !done.allRanksFinished()
                || !done.isSaved(epochEnd())) {
            return;
        }
        int epoch = currentEpoch();
        boolean synchronous = prepared().plan().consistency().synchronous();
        ShardState.Ledger applied = done.agreed(epochEnd(), synchronous);
        long rows = status.rowsPerEpoch * (epoch + 1);
        long contributions = epochEnd() * prepared().plan().ranks();
        if (applied == null || applied.rowsApplied() != rows || applied.contributions() != contributions) {
            fail("the ledger does not add up at the end of epoch " + (epoch + 1) + ": " + rows + " rows in "
                    + contributions + " contributions were to be applied, "
                    + (applied == null
                            ? "and the shards disagree"
                            : applied.rowsApplied() + " in " + applied.contributions() + " were")
                    + "; this is a fault of Sampo, please report it");
            return;
        }
        status.contributions = applied.contributions();
        if (!synchronous) {
            double mean = (double) applied.behindSum() / applied.contributions();
            status.staleness = Map.of("mean", mean, "max", (double) applied.behindMax());
        }
        concluding = true;
        enter(State.EVALUATING);
        int of = incarnation;
        double evaluateSeconds = epochEvaluateSeconds;
        JobStatus.Counters counters = status.counters();
        long beganMs = epochBeganMs;
        work.patiently(
                () -> {
                    Map<String, Object> validation = files.mergeEvaluations(of, epoch, prepared());
                    var record = new JobStatus.EpochRecord(
                            epoch + 1,
                            applied.epochLoss() / applied.epochWeight(),
                            validation,
                            (nowMs() - beganMs) / 1e3);
                    var ended = new JobProgress.EpochEnded(record, applied.rowsApplied(), evaluateSeconds, counters);
                    files.writeEpoch(ended);
                    files.forgetEvaluations(of, epoch);
                    return ended;
                },
                ended -> {
                    concluding = false;
                    if (of == incarnation) {
                        recordEpoch(ended);
                        onEpoch(ended);
                    } else {
                        concludeEpochIfDone();
                    }
                });
    }

    /** The epoch stands beside its checkpoint by now, where a new coordinator finds it: nobody waits for the journal. */
    private void recordEpoch(JobProgress.EpochEnded ended) {
        recordingEpoch = true;
        record(ended, () -> {
            recordingEpoch = false;
            concludeEpochIfDone();
        });
    }

    private void onEpoch(JobProgress.EpochEnded ended) {
        long here = epochEnd();
        status.step = here;
        status.metrics.put("validation", ended.epoch().validation());
        work.isBack();
        waitFor(journalTrouble.isEmpty() ? null : journalTrouble);
        book(ended);
        epochEvaluateSeconds = 0;
        epochBeganMs = nowMs();
        watch(ended.epoch());
        status.forgetDetails(best.best());
        ledger().forgetRanks();
        ledger().forgetBefore(here);
        prune(here);
        if (isTrained()) {
            publishModel(bestClock());
        } else if (askedToPause) {
            enter(State.PAUSED);
        } else {
            enter(State.TRAINING);
            continueTraining();
        }
    }

    private void watch(JobStatus.EpochRecord ended) {
        Map<String, Object> watched = new java.util.LinkedHashMap<>(ended.validation());
        watched.put("trainLoss", ended.trainLoss());
        best.add(ended.epoch() - 1, watched);
    }

    private boolean isTrained() {
        return currentEpoch() >= status.epochs || best.shouldStop();
    }

    /** The clock of the epoch whose model is kept. */
    private long bestClock() {
        return (best.best() + 1L) * prepared().plan().stepsPerEpoch();
    }

    /** Only the newest checkpoint and that of the best epoch are of use. */
    private void prune(long newest) {
        Set<Long> keep = status.history.isEmpty() ? Set.of(newest) : new HashSet<>(List.of(newest, bestClock()));
        work.patiently(
                () -> {
                    files.checkpoints().prune(keep);
                    return newest;
                },
                clock -> {});
    }

    private void saveIfTime() {
        if (status.state == State.TRAINING && shardsReady()) {
            timed.due(nowMs(), status.step, epochEnd())
                    .ifPresent(clock -> prepared()
                            .shards()
                            .forEach(shard -> tellShard(
                                    shard.index(), new ParameterShard.SaveAt(incarnation, clock, fromShards))));
        }
    }

    /** A shard that moved just then does not know that its checkpoint of the epoch's end is still awaited. */
    private void seekSaved() {
        boolean training = status.state == State.TRAINING && shardsReady() && !concluding;
        if (!training || !ledger().allRanksFinished()) {
            savedSoughtMs = nowMs();
        } else if (nowMs() - savedSoughtMs >= SAVED_WITHIN_MS) {
            savedSoughtMs = nowMs();
            for (int shard : ledger().notSaved(epochEnd())) {
                tellShard(shard, new ParameterShard.SaveAt(incarnation, epochEnd(), fromShards));
            }
        }
    }

    /** The same deal with a further bound; a new generation would make every worker allocate again. */
    private void continueTraining() {
        pool.dealt().forEach(this::assign);
    }

    private void assign(WorkerPool.Deal<ActorRef<Worker.Command>> deal) {
        deal.worker()
                .tell(new Worker.Assign(
                        status.job, incarnation, pool.generation(), deal.lo(), deal.hi(), currentEpoch(), fromWorkers));
    }

    private void recover(String why) {
        if (recovering) {
            return;
        }
        recovering = true;
        status.recoveries++;
        getContext().getLog().info("job={} recovering, reason={}", status.job, why);
        shardsStarted.clear();
        shardsAsked = false;
        releaseWorkers();
        work.once(
                () -> files.checkpoints()
                        .newest(damaged -> log.warn(damaged))
                        .orElseThrow(() -> new IOException("no whole checkpoint of job " + status.job + " is left")),
                this::goOnFrom);
    }

    private void goOnFrom(Checkpoints.Whole checkpoint) {
        recovering = false;
        long clock = checkpoint.manifest().clock();
        if (clock > epochEnd()) {
            fail("the newest checkpoint is of clock " + clock + ", but the journal ends with epoch " + currentEpoch()
                    + " (clock " + (epochEnd() - prepared().plan().stepsPerEpoch())
                    + "); was the journal's database set back?");
            return;
        }
        while (status.history.size() > clock / prepared().plan().stepsPerEpoch()) {
            status.history.remove(status.history.size() - 1);
        }
        best = BestEpoch.of(stopping);
        status.history.forEach(this::watch);
        status.forgetDetails(best.best());
        ledger().rollBack(clock);
        ledger().restored(checkpoint);
        timed.rolledBack();
        status.step = clock;
        if (isTrained()) {
            publishModel(bestClock());
        } else {
            startShards(clock);
        }
    }

    // ---- the end ----

    private void publishModel(long clock) {
        enter(State.PUBLISHING);
        phaseBeganMs = nowMs();
        releaseWorkers();
        // The metrics of the model that is kept, not of the last epoch.
        var keptEpoch = status.history.get(best.best());
        status.metrics.put("validation", keptEpoch.validation());
        Map<String, Object> numerics = Map.copyOf(status.numerics);
        work.patiently(
                () -> files.publish(clock, prepared(), keptEpoch.validation(), numerics, status.rowsPerEpoch),
                model -> {
                    status.addSeconds("publish", (nowMs() - phaseBeganMs) / 1e3);
                    status.model = model;
                    status.etaSeconds = 0.0;
                    finish(State.DONE, null);
                });
    }

    private void fail(String reason) {
        getContext().getLog().warn("job={} {} -> failed, reason={}", status.job, status.state, reason);
        finish(State.FAILED, reason);
    }

    private void finish(State end, @Nullable String reason) {
        status.reason = reason;
        status.waitingFor = null;
        enter(end);
        releaseWorkers();
        if (prepared != null) {
            prepared.shards().forEach(shard -> tellShard(shard.index(), new ParameterShard.Release()));
        }
        publishNow();
    }

    /** Only once the end is durable: a coordinator that begins again would miss its checkpoints. */
    private void cleanUp() {
        var unused = CompletableFuture.runAsync(files::cleanUp, work.executor())
                // A shard may still have been writing; it is told by now that nobody wants it.
                .exceptionallyAsync(
                        failure -> {
                            files.cleanUp();
                            return null;
                        },
                        CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS, work.executor()))
                .exceptionally(failure -> {
                    log.warn("job={} left files behind", status.job, failure);
                    return null;
                });
    }

    private void releaseWorkers() {
        pool.accepted().forEach(worker -> worker.tell(new Worker.Release(status.job)));
        pool.recall();
    }

    private Behavior<Command> onControl(Control control) {
        if (control == Control.CLEAN_UP) {
            cleanUp();
            return Behaviors.stopped();
        }
        if (status.state.isFinal()) {
            return this;
        }
        switch (control) {
            case CLEAN_UP -> {}
            case CANCEL -> finish(State.CANCELLED, "cancelled by the user");
            case PAUSE -> {
                askedToPause = true;
                if (status.state == State.TRAINING) {
                    releaseWorkers();
                    enter(State.PAUSED);
                }
            }
            case RESUME -> {
                askedToPause = false;
                if (status.state == State.PAUSED) {
                    enter(State.TRAINING);
                    deal();
                }
            }
        }
        publishNow();
        return this;
    }

    // ---- time, and who is missing ----

    private Behavior<Command> onTick() {
        if (status.state.isFinal()) {
            // Told once: each telling would be one more fact in the manager's journal.
            return this;
        }
        if (shardsAsked && !shardsReady() && nowMs() - startAskedMs >= START_RETRY_MS) {
            askShardsToStart();
        }
        askWorkersToDescribe();
        saveIfTime();
        seekSaved();
        seekStragglers();
        checkPeers();
        if (dirty) {
            publishNow();
        }
        return this;
    }

    /** Names whom the job waits for; after a while it fails rather than wait for ever. */
    private void checkPeers() {
        if (!journalTrouble.isEmpty()) {
            return;
        }
        peers.look(seen(), nowMs()).ifPresent(news -> {
            if (news instanceof MissingPeers.WaitingFor waiting) {
                waitFor(waiting.who());
            } else if (news instanceof MissingPeers.GivenUp givenUp) {
                fail(givenUp.reason());
            } else {
                waitFor(null);
            }
        });
    }

    private MissingPeers.Seen seen() {
        Set<String> roles = new HashSet<>();
        Cluster.get(getContext().getSystem()).state().getMembers().forEach(member -> roles.addAll(member.getRoles()));
        List<Integer> silent = !shardsAsked
                ? List.of()
                : prepared().shards().stream()
                        .map(ShardPlan::index)
                        .filter(shard -> !shardsStarted.contains(shard))
                        .toList();
        return new MissingPeers.Seen(
                roles, !pool.accepted().isEmpty(), status.refusedWorkers, shardsReady(), silent, startFirstAskedMs);
    }

    private void waitFor(@Nullable String what) {
        status.waitingFor = what;
        dirty = true;
    }

    private void waitForStorage(@Nullable String what) {
        if (what != null && !what.equals(status.waitingFor)) {
            log.warn("job={} waits for its storage: {}", status.job, what);
        }
        waitFor(what);
    }

    // ---- plumbing ----

    private JobFiles.Prepared prepared() {
        return java.util.Objects.requireNonNull(prepared, "the job is not prepared yet");
    }

    private EpochLedger ledger() {
        return java.util.Objects.requireNonNull(ledger, "the job is not prepared yet");
    }

    private void tellShard(int shard, ParameterShard.Command message) {
        services.shards().tell(new ShardingEnvelope<>(ShardSharding.entityId(status.job, shard), message));
    }

    private void enter(State next) {
        if (status.state != next) {
            boolean everyEpoch = next == State.EVALUATING || status.state == State.EVALUATING && next == State.TRAINING;
            Level level = everyEpoch ? Level.DEBUG : Level.INFO;
            getContext().getLog().atLevel(level).log("job={} {} -> {}", status.job, status.state, next);
            status.state = next;
            dirty = true;
        }
    }

    private void publishNow() {
        dirty = false;
        try {
            publish.accept(new Update(status.job, status.state, JSON.writeValueAsString(status)));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a status must be JSON", e);
        }
    }

    private static long nowMs() {
        return System.nanoTime() / 1_000_000;
    }
}
