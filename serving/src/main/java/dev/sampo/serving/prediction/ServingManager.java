package dev.sampo.serving.prediction;

import dev.sampo.cluster.wire.CborSerializable;
import dev.sampo.serving.registry.ModelInfo;
import dev.sampo.serving.registry.ModelInfo.State;
import dev.sampo.serving.registry.ModelKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;
import org.jspecify.annotations.Nullable;

/**
 * Owns the models of one serving node: follows the registry, loads versions, and hands each request to the
 * {@link ModelRunner} of its version. The newest version of each model is loaded as soon as it is seen, older ones at
 * their first request; the number in memory is bounded.
 */
public final class ServingManager extends AbstractBehavior<ServingManager.Command> {
    /** Where nodes of role serving are found. */
    public static final ServiceKey<Command> KEY = ServiceKey.create(Command.class, "sampo-serving");

    /** What a serving node can be told. */
    public sealed interface Command {}

    /** What a client may ask; always answered, unless the node dies. */
    public sealed interface Request extends Command, CborSerializable {
        /** Answers with a refusal. */
        void refuse(Refused refused);
    }

    /**
     * Asks for predictions.
     *
     * @param version null for the newest
     */
    public record Predict(String model, @Nullable Integer version, RowTable rows, ActorRef<PredictReply> replyTo)
            implements Request {
        @Override
        public void refuse(Refused refused) {
            replyTo.tell(refused);
        }
    }

    /**
     * Asks what a version is.
     *
     * @param version null for the newest
     */
    public record Describe(String model, @Nullable Integer version, ActorRef<DescribeReply> replyTo)
            implements Request {
        @Override
        public void refuse(Refused refused) {
            replyTo.tell(refused);
        }
    }

    /** Asks for every version there is. */
    public record ListModels(ActorRef<ListReply> replyTo) implements Request {
        @Override
        public void refuse(Refused refused) {
            replyTo.tell(refused);
        }
    }

    /** Tells that a version was just published, so that it is seen before the next poll. */
    public record Published(String model) implements Command, CborSerializable {}

    private record Look() implements Command {}

    private record Scanned(ModelSource.@Nullable Scan scan, String failure) implements Command {}

    private record Loaded(ModelKey key, @Nullable LoadedModel model, String failure) implements Command {}

    private record RetryDamaged(ModelKey key) implements Command {}

    /** A manager that registers itself under {@link #KEY}. */
    public static Behavior<Command> create(ModelSource source, ServingSettings settings) {
        return Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new ServingManager(context, timers, source, settings)));
    }

    private final TimerScheduler<Command> timers;
    private final ModelSource source;
    private final ServingSettings settings;
    private final Executor compute;
    private final Catalog catalog;
    private final LocalModels local;
    private final ServingLoad load;
    private final Map<ModelKey, ModelRunner> runners = new TreeMap<>();
    private final Map<ModelKey, List<Predict>> waitingForLoad = new TreeMap<>();
    private List<Request> waitingForScan = new ArrayList<>();
    private List<Request> waitingForNextScan = new ArrayList<>();
    private boolean scanning;
    private boolean scanAgain;
    private String scanFailure = "";

    private ServingManager(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            ModelSource source,
            ServingSettings settings) {
        super(context);
        this.timers = timers;
        this.source = source;
        this.settings = settings;
        this.compute =
                context.getSystem().dispatchers().lookup(DispatcherSelector.fromConfig("sampo.serving-dispatcher"));
        this.catalog = new Catalog(settings.loadedVersionsMax());
        this.local = LocalModels.of(context.getSystem());
        this.load = ServingLoad.of(context.getSystem());
        timers.startTimerWithFixedDelay(new Look(), settings.pollInterval());
        context.getSystem().receptionist().tell(Receptionist.register(KEY, context.getSelf()));
        scan();
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Predict.class, this::onPredict)
                .onMessage(Describe.class, this::onDescribe)
                .onMessage(ListModels.class, this::onListModels)
                .onMessage(Published.class, message -> onPublished())
                .onMessage(Look.class, message -> onLook())
                .onMessage(Scanned.class, this::onScanned)
                .onMessage(Loaded.class, this::onLoaded)
                .onMessage(RetryDamaged.class, this::onRetryDamaged)
                .onSignal(PostStop.class, signal -> onPostStop())
                .build();
    }

    private Behavior<Command> onPredict(Predict request) {
        catalog.resolve(request.model(), request.version())
                .ifPresentOrElse(info -> serve(info, request), () -> waitForScan(request));
        return this;
    }

    private Behavior<Command> onDescribe(Describe request) {
        catalog.resolve(request.model(), request.version())
                .ifPresentOrElse(
                        info -> request.replyTo().tell(new Described(info, catalog.versions(info.name()))),
                        () -> waitForScan(request));
        return this;
    }

    private Behavior<Command> onListModels(ListModels request) {
        waitForScan(request);
        return this;
    }

    private Behavior<Command> onPublished() {
        if (scanning) {
            scanAgain = true;
        } else {
            scan();
        }
        return this;
    }

    private Behavior<Command> onLook() {
        noteUses();
        if (!scanning) {
            scan();
        }
        return this;
    }

    private Behavior<Command> onScanned(Scanned done) {
        scanning = false;
        if (done.scan() == null) {
            if (!done.failure().equals(scanFailure)) {
                getContext().getLog().warn("can't read the model registry, will try again: {}", done.failure());
            }
        } else {
            apply(catalog.update(done.scan()));
            catalog.toLoad().forEach(this::load);
        }
        scanFailure = done.failure();
        tellLocalClients();
        List<Request> answered = waitingForScan;
        waitingForScan = waitingForNextScan;
        waitingForNextScan = new ArrayList<>();
        answered.forEach(this::answerAfterScan);
        if (scanAgain || !waitingForScan.isEmpty()) {
            scan();
        }
        return this;
    }

    private Behavior<Command> onLoaded(Loaded done) {
        noteUses();
        List<Predict> waiting =
                Optional.ofNullable(waitingForLoad.remove(done.key())).orElse(List.of());
        boolean gone = catalog.resolve(done.key().name(), done.key().version()).isEmpty();
        if (done.model() == null) {
            getContext()
                    .getLog()
                    .warn(
                            "model={} state=DAMAGED, skipped until it is repaired or removed: {}",
                            done.key(),
                            done.failure());
            catalog.mark(done.key(), State.DAMAGED, done.failure());
            timers.startSingleTimer(done.key(), new RetryDamaged(done.key()), settings.damagedRetryInterval());
            catalog.toLoad().forEach(this::load);
        } else if (gone) {
            done.model().close();
        } else {
            serveFrom(done.key(), done.model());
        }
        waiting.forEach(this::onPredict);
        makeRoom();
        tellLocalClients();
        return this;
    }

    private Behavior<Command> onRetryDamaged(RetryDamaged retry) {
        Optional<ModelInfo> info =
                catalog.resolve(retry.key().name(), retry.key().version());
        if (info.isPresent()
                && info.get().state() == State.DAMAGED
                && info.get().target() != null) {
            load(retry.key());
        }
        return this;
    }

    private void apply(Catalog.Changes changes) {
        for (ModelInfo added : changes.added()) {
            if (added.state() == State.DAMAGED) {
                getContext().getLog().warn("model={} state=DAMAGED, skipped: {}", added.key(), added.reason());
            } else {
                getContext().getLog().info("model={} state={} job={}", added.key(), added.state(), added.job());
            }
        }
        for (ModelKey removed : changes.removed()) {
            getContext().getLog().info("model={} removed from the registry", removed);
            unload(removed);
        }
    }

    private void serve(ModelInfo info, Predict request) {
        ModelRunner runner = runners.get(info.key());
        if (info.state() == State.DAMAGED) {
            request.refuse(
                    new Refused(Refused.Kind.UNAVAILABLE, "model " + info.key() + " is damaged: " + info.reason()));
        } else if (runner != null) {
            catalog.used(info.key());
            // Only this actor closes a runner, and then it is no longer in the map.
            runner.submit(request.rows(), request.replyTo()::tell);
        } else {
            waitForLoad(info, request);
        }
    }

    private void waitForLoad(ModelInfo info, Predict request) {
        int waiting = waitingForLoad.values().stream().mapToInt(List::size).sum();
        if (waiting >= settings.waitingRequestsMax()) {
            request.refuse(new Refused(
                    Refused.Kind.BUSY, waiting + " requests wait for models to be loaded already; try again later"));
            return;
        }
        waitingForLoad.computeIfAbsent(info.key(), key -> new ArrayList<>()).add(request);
        if (info.state() != State.LOADING) {
            load(info.key());
        }
    }

    /** Unknown here may still be published a moment ago: only a look that began after the request can tell. */
    private void waitForScan(Request request) {
        int waiting = waitingForScan.size() + waitingForNextScan.size();
        if (waiting >= settings.waitingRequestsMax()) {
            request.refuse(new Refused(
                    Refused.Kind.BUSY, waiting + " requests wait for the model registry already; try again later"));
        } else if (scanning) {
            waitingForNextScan.add(request);
        } else {
            waitingForScan.add(request);
            scan();
        }
    }

    private void answerAfterScan(Request request) {
        if (!scanFailure.isEmpty()) {
            request.refuse(new Refused(Refused.Kind.UNAVAILABLE, "the model registry can't be read: " + scanFailure));
        } else if (request instanceof ListModels list) {
            list.replyTo().tell(new Listed(catalog.all()));
        } else if (request instanceof Describe describe) {
            answerIfKnown(describe, describe.model(), describe.version(), () -> onDescribe(describe));
        } else if (request instanceof Predict predict) {
            answerIfKnown(predict, predict.model(), predict.version(), () -> onPredict(predict));
        }
    }

    private void answerIfKnown(Request request, String model, @Nullable Integer version, Runnable answer) {
        if (catalog.resolve(model, version).isPresent()) {
            answer.run();
        } else {
            request.refuse(new Refused(Refused.Kind.NOT_FOUND, unknown(model, version)));
        }
    }

    private String unknown(String model, @Nullable Integer version) {
        List<Integer> versions = catalog.versions(model);
        if (version != null && !versions.isEmpty()) {
            return "model \"" + model + "\" has no version " + version + "; its versions are " + versions;
        }
        List<String> names =
                catalog.all().stream().map(ModelInfo::name).distinct().limit(20).toList();
        return "no model \"" + model + "\" in the registry; "
                + (names.isEmpty() ? "it is empty: train one first" : "there are " + names);
    }

    private void scan() {
        scanning = true;
        scanAgain = false;
        Set<ModelKey> known = catalog.known();
        getContext()
                .pipeToSelf(
                        CompletableFuture.supplyAsync(() -> unchecked(() -> source.scan(known)), compute),
                        (scan, failure) -> failure == null ? new Scanned(scan, "") : new Scanned(null, text(failure)));
    }

    private void load(ModelKey key) {
        catalog.mark(key, State.LOADING, "");
        getContext()
                .pipeToSelf(
                        CompletableFuture.supplyAsync(() -> unchecked(() -> source.load(key)), compute),
                        (model, failure) ->
                                failure == null ? new Loaded(key, model, "") : new Loaded(key, null, text(failure)));
    }

    private void serveFrom(ModelKey key, LoadedModel model) {
        runners.put(key, new ModelRunner(model, settings, compute, load.model(key.name())));
        catalog.mark(key, State.READY, "");
        getContext().getLog().info("model={} state=READY", key);
    }

    /** What clients of this process asked past this actor counts as use, too. */
    private void noteUses() {
        runners.forEach((key, runner) -> {
            if (runner.wasUsedHere()) {
                catalog.used(key);
            }
        });
    }

    private void makeRoom() {
        for (Optional<ModelKey> old = catalog.toUnload(); old.isPresent(); old = catalog.toUnload()) {
            getContext().getLog().info("model={} unloaded to make room, least recently asked", old.get());
            catalog.mark(old.get(), State.AVAILABLE, "");
            unload(old.get());
        }
    }

    private void unload(ModelKey key) {
        ModelRunner runner = runners.remove(key);
        if (runner != null) {
            runner.close();
        }
    }

    /** Lets clients of this process see what changed. */
    private void tellLocalClients() {
        Map<String, LocalModels.Ready> newest = new TreeMap<>();
        Map<ModelKey, LocalModels.Ready> byVersion = new TreeMap<>();
        for (Map.Entry<ModelKey, ModelRunner> each : runners.entrySet()) {
            String name = each.getKey().name();
            catalog.resolve(name, each.getKey().version()).ifPresent(info -> {
                var ready = new LocalModels.Ready(info, catalog.versions(name), each.getValue());
                byVersion.put(info.key(), ready);
                if (catalog.resolve(name, null).equals(Optional.of(info))) {
                    newest.put(name, ready);
                }
            });
        }
        local.replace(newest, byVersion);
    }

    private Behavior<Command> onPostStop() {
        local.replace(Map.of(), Map.of());
        runners.values().forEach(ModelRunner::close);
        return this;
    }

    private interface Blocking<T> {
        T run() throws IOException;
    }

    private static <T> T unchecked(Blocking<T> work) {
        try {
            return work.run();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(Throwable failure) {
        Throwable cause = failure;
        while ((cause instanceof CompletionException || cause instanceof UncheckedIOException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause instanceof IOException && cause.getMessage() != null && cause.getClass() == IOException.class
                ? cause.getMessage()
                : cause.toString();
    }
}
