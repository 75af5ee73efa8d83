package dev.sampo.trainer.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.cluster.JobId;
import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.cluster.api.ApiResponse;
import dev.sampo.cluster.journal.Journal;
import dev.sampo.cluster.wire.CborSerializable;
import dev.sampo.model.spec.Nearest;
import dev.sampo.trainer.job.JobStatus.State;
import dev.sampo.trainer.spec.JobSpec;
import dev.sampo.trainer.spec.JobSpecs;
import dev.sampo.trainer.spec.SpecException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/**
 * The cluster's singleton that owns the list of jobs: validates and queues what is submitted and runs one job at a time
 * (a paused one steps aside). Answers the control operations of {@link ApiRequest}. What it acknowledges is in its journal
 * first, so another manager anywhere begins where this one was.
 */
public final class JobManager extends AbstractBehavior<JobManager.Command> {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int JOBS_KEPT = 1000;
    private static final int EARLY_MAX = 1000;
    private static final int NAMES_SHOWN = 10;
    private static final int CRASHES_MAX = 20;
    private static final Duration BACKOFF_MIN = Duration.ofSeconds(1);
    private static final Duration BACKOFF_MAX = Duration.ofSeconds(10);

    /** What the manager understands. */
    public sealed interface Command {}

    /** One control request; answered by an {@link ApiResponse}. */
    public record Call(ApiRequest request, ActorRef<ApiResponse> replyTo) implements Command, CborSerializable {}

    private record Updated(JobCoordinator.Update update) implements Command {}

    private record Recovered(List<JobFact> facts) implements Command {}

    /** A fact is durable; {@code then} runs in the actor. */
    private record Recorded(Runnable then) implements Command {}

    private record Trouble(String reason) implements Command {}

    private record BeginAgain(JobId job) implements Command {}

    /** One job as the manager knows it. */
    private static final class Entry {
        final JobId id;
        final JobSpec spec;
        State state = State.QUEUED;
        String json;
        /** What its user asked for last. */
        JobCoordinator.@Nullable Control asked;

        int crashes;

        @Nullable ActorRef<JobCoordinator.Command> coordinator;

        Entry(JobId id, JobSpec spec, String json) {
            this.id = id;
            this.spec = spec;
            this.json = json;
        }
    }

    private final TrainerServices services;
    private final TimerScheduler<Command> timers;
    private final ActorRef<Journal.Command<JobFact>> journal;
    /** What came before the journal was read. */
    private final List<Call> early = new ArrayList<>();

    private boolean recovered;
    /** Why the journal can't be written now; empty if it can. */
    private String trouble = "";
    /** Who waits for a fact to be durable. */
    private final Set<Once> unanswered = new LinkedHashSet<>();

    private final Map<JobId, Entry> jobs = new LinkedHashMap<>();
    private final JobQueue queue = new JobQueue();

    /** Begins again from its journal whenever it or the database fails. */
    public static Behavior<Command> create(TrainerServices services) {
        Behavior<Command> manager =
                Behaviors.setup(context -> Behaviors.withTimers(timers -> new JobManager(context, timers, services)));
        return Behaviors.supervise(manager)
                .onFailure(SupervisorStrategy.restartWithBackoff(BACKOFF_MIN, BACKOFF_MAX, 0.1)
                        .withResetBackoffAfter(BACKOFF_MAX));
    }

    private JobManager(ActorContext<Command> context, TimerScheduler<Command> timers, TrainerServices services) {
        super(context);
        this.timers = timers;
        this.services = services;
        ActorRef<Command> self = context.getSelf();
        journal = context.spawn(
                Journal.create("job-manager", new Journal.Owner<>() {
                    @Override
                    public void recovered(List<JobFact> facts) {
                        self.tell(new Recovered(facts));
                    }

                    @Override
                    public void trouble(String reason) {
                        self.tell(new Trouble(reason));
                    }
                }),
                "journal",
                DispatcherSelector.fromConfig("sampo.blocking-dispatcher"));
        context.watch(journal);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Call.class, this::onCall)
                .onMessage(Updated.class, this::onUpdated)
                .onMessage(Recorded.class, message -> {
                    message.then().run();
                    return this;
                })
                .onMessage(Recovered.class, this::onRecovered)
                .onMessage(Trouble.class, this::onTrouble)
                .onMessage(BeginAgain.class, this::onBeginAgain)
                .onSignal(Terminated.class, this::onTerminated)
                .build();
    }

    /** Goes on once the fact is durable. */
    private void record(JobFact fact, Runnable then) {
        ActorRef<Command> self = getContext().getSelf();
        journal.tell(new Journal.Append<>(fact, () -> self.tell(new Recorded(then))));
    }

    /** A reply that may be given by two, and counts from the first. */
    private final class Once implements Consumer<ApiResponse> {
        private final Consumer<ApiResponse> reply;

        Once(Consumer<ApiResponse> reply) {
            this.reply = reply;
            unanswered.add(this);
        }

        @Override
        public void accept(ApiResponse response) {
            if (unanswered.remove(this)) {
                reply.accept(response);
            }
        }
    }

    /** Nobody waits for a database: who asks now is refused, and who asked before is told what is not known. */
    private Behavior<Command> onTrouble(Trouble message) {
        trouble = message.reason();
        if (!trouble.isEmpty()) {
            for (Once each : List.copyOf(unanswered)) {
                each.accept(error(
                        503,
                        trouble + "; what was asked is carried out when it is back, so look before you ask again"));
            }
            List<Call> waiting = List.copyOf(early);
            early.clear();
            waiting.forEach(call -> call.replyTo().tell(refusedFor(trouble)));
        }
        return this;
    }

    private static ApiResponse refusedFor(String trouble) {
        return error(503, trouble + "; nothing was changed, try again when it is back");
    }

    private Behavior<Command> onRecovered(Recovered message) {
        for (JobFact fact : message.facts()) {
            if (fact instanceof JobFact.Submitted submitted) {
                restore(submitted);
            } else if (fact instanceof JobFact.Controlled controlled) {
                Entry entry = jobs.get(controlled.job());
                if (entry != null) {
                    entry.asked = controlled.control();
                }
            } else if (fact instanceof JobFact.Finished finished) {
                Entry entry = jobs.get(finished.job());
                if (entry != null) {
                    entry.state = finished.state();
                    entry.json = finished.view();
                    queue.ended(entry.id);
                }
            }
        }
        forgetOldest();
        recovered = true;
        if (queue.size() > 0) {
            getContext().getLog().info("{} job(s) go on: {}", queue.size(), queue);
        }
        early.forEach(this::onCall);
        early.clear();
        startNext();
        return this;
    }

    private void restore(JobFact.Submitted submitted) {
        try {
            JobSpec spec = JobSpecs.parse(submitted.spec(), false);
            jobs.put(submitted.job(), new Entry(submitted.job(), spec, firstView(submitted.job(), spec)));
            queue.add(submitted.job());
        } catch (SpecException e) {
            getContext().getLog().warn("job={} of an older version can't be read any more: {}", submitted.job(), e);
        }
    }

    private static String firstView(JobId id, JobSpec spec) {
        try {
            return JSON.writeValueAsString(new JobStatus(id, spec.name()));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a status must be JSON", e);
        }
    }

    private Behavior<Command> onCall(Call call) {
        if (!recovered && !trouble.isEmpty()) {
            call.replyTo().tell(refusedFor(trouble));
            return this;
        }
        if (!recovered) {
            if (early.size() < EARLY_MAX) {
                early.add(call);
            } else {
                call.replyTo().tell(error(503, "the job manager is still reading its journal; try again soon"));
            }
            return this;
        }
        Consumer<ApiResponse> reply = call.replyTo()::tell;
        try {
            ObjectNode body = JSON.readValue(call.request().body(), ObjectNode.class);
            switch (call.request().operation()) {
                case "submit" -> submit(body, reply);
                case "jobs" -> reply.accept(list());
                case "status" -> withJob(body, reply, entry -> reply.accept(new ApiResponse(200, entry.json)));
                case "cancel" -> withJob(body, reply, entry -> control(entry, JobCoordinator.Control.CANCEL, reply));
                case "pause" -> withJob(body, reply, entry -> control(entry, JobCoordinator.Control.PAUSE, reply));
                case "resume" -> withJob(body, reply, entry -> control(entry, JobCoordinator.Control.RESUME, reply));
                default ->
                    reply.accept(
                            error(400, "unknown operation \"" + call.request().operation() + "\""));
            }
        } catch (JsonProcessingException e) {
            reply.accept(error(400, "the request is not a JSON object: " + e.getOriginalMessage()));
        } catch (RuntimeException e) {
            getContext().getLog().error("request {} failed", call.request().operation(), e);
            reply.accept(error(500, "the job manager failed: " + e));
        }
        return this;
    }

    private void submit(ObjectNode body, Consumer<ApiResponse> reply) throws JsonProcessingException {
        if (!body.has("spec")) {
            reply.accept(error(400, "spec: missing; send {\"spec\": {…}}"));
            return;
        }
        JobSpec spec;
        try {
            spec = JobSpecs.parse(JSON.writeValueAsString(body.get("spec")), false);
        } catch (SpecException e) {
            ObjectNode answer = JSON.createObjectNode()
                    .put("error", "the job spec has " + e.problems().size() + " problem(s)");
            ArrayNode problems = answer.putArray("problems");
            e.problems().forEach(problems::add);
            reply.accept(new ApiResponse(400, answer.toString()));
            return;
        }
        if (!trouble.isEmpty()) {
            reply.accept(refusedFor(trouble));
            return;
        }
        Once once = new Once(reply);
        JobId id = nextId(spec.name());
        forgetOldest();
        jobs.put(id, new Entry(id, spec, firstView(id, spec)));
        record(new JobFact.Submitted(id, JobSpecs.toJson(spec)), () -> {
            queue.add(id);
            startNext();
            once.accept(new ApiResponse(
                    200, JSON.createObjectNode().put("job", id.value()).toString()));
        });
    }

    /** The name, made fit for an id, and the first free number; a number used by an earlier cluster in this home is taken too. */
    private JobId nextId(String name) {
        String base =
                name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
        base = base.isEmpty() ? "job" : base.substring(0, Math.min(80, base.length()));
        for (int number = 1; ; number++) {
            JobId id = new JobId(base + "-" + number);
            if (!jobs.containsKey(id) && !services.store().exists("jobs/" + id)) {
                return id;
            }
        }
    }

    private void forgetOldest() {
        if (jobs.size() >= JOBS_KEPT) {
            jobs.values().stream()
                    .filter(entry -> entry.state.isFinal())
                    .findFirst()
                    .ifPresent(entry -> jobs.remove(entry.id));
        }
    }

    private ApiResponse list() {
        String all =
                String.join(",", jobs.values().stream().map(entry -> entry.json).toList());
        return new ApiResponse(200, "{\"jobs\":[" + all + "]}");
    }

    private static ApiResponse error(int status, String message) {
        return new ApiResponse(
                status, JSON.createObjectNode().put("error", message).toString());
    }

    private void withJob(ObjectNode body, Consumer<ApiResponse> reply, Consumer<Entry> then) {
        String id = body.path("job").asText("");
        Entry entry = jobs.values().stream()
                .filter(each -> each.id.value().equals(id))
                .findFirst()
                .orElse(null);
        if (entry == null) {
            // The nearest names first; a cluster may have a thousand jobs.
            String known = jobs.keySet().stream()
                    .map(JobId::value)
                    .sorted(Comparator.comparingInt(each -> Nearest.distance(id, each)))
                    .limit(NAMES_SHOWN)
                    .collect(Collectors.joining(", "));
            reply.accept(error(
                    404, "no job \"" + id + "\"; " + (known.isEmpty() ? "there are none" : "there are " + known)));
        } else {
            then.accept(entry);
        }
    }

    private void control(Entry entry, JobCoordinator.Control control, Consumer<ApiResponse> reply) {
        String refusal = refusal(entry, control);
        if (refusal != null) {
            reply.accept(error(409, refusal));
            return;
        }
        if (!trouble.isEmpty()) {
            reply.accept(refusedFor(trouble));
            return;
        }
        Once once = new Once(reply);
        record(new JobFact.Controlled(entry.id, control), () -> {
            entry.asked = control;
            once.accept(new ApiResponse(200, entry.json));
            if (entry.coordinator != null) {
                entry.coordinator.tell(control);
            } else if (control == JobCoordinator.Control.CANCEL && queue.isWaiting(entry.id)) {
                queue.ended(entry.id);
                finish(
                        entry,
                        State.CANCELLED,
                        entry.json.replaceFirst("\"state\":\"[a-z]+\"", "\"state\":\"cancelled\""));
            }
        });
    }

    private @Nullable String refusal(Entry entry, JobCoordinator.Control control) {
        if (entry.state.isFinal()) {
            return "job " + entry.id + " is " + entry.state.name().toLowerCase(Locale.ROOT) + " already";
        }
        boolean cancels = control == JobCoordinator.Control.CANCEL;
        if (!cancels && entry.coordinator == null) {
            return "job " + entry.id + " is queued; only a running job can be paused or resumed";
        }
        return queue.atWork()
                .filter(other -> control == JobCoordinator.Control.RESUME && !other.equals(entry.id))
                .map(other -> "job " + other + " is running; " + entry.id + " can go on when it ends")
                .orElse(null);
    }

    private void startNext() {
        queue.begin().map(jobs::get).ifPresent(this::start);
    }

    private void start(Entry entry) {
        ActorRef<Command> self = getContext().getSelf();
        entry.coordinator = getContext()
                .spawn(
                        JobCoordinator.create(entry.id, entry.spec, services, update -> self.tell(new Updated(update))),
                        "job-" + entry.id + "-" + entry.crashes);
        getContext().watch(entry.coordinator);
        if (entry.asked != null) {
            entry.coordinator.tell(entry.asked);
        }
    }

    private Behavior<Command> onUpdated(Updated updated) {
        Entry entry = jobs.get(updated.update().job());
        if (entry == null || entry.state.isFinal()) {
            return this;
        }
        if (updated.update().state().isFinal()) {
            finish(entry, updated.update().state(), updated.update().json());
        } else {
            queue.updated(entry.id, updated.update().state());
            entry.json = updated.update().json();
            startNext();
        }
        return this;
    }

    /** The end of a job counts once it is durable; then its coordinator may clean up behind it. */
    private void finish(Entry entry, State state, String view) {
        record(new JobFact.Finished(entry.id, state, view), () -> {
            if (!entry.state.isFinal()) {
                entry.state = state;
                entry.json = view;
                queue.ended(entry.id);
                if (entry.coordinator != null) {
                    getContext().unwatch(entry.coordinator);
                    entry.coordinator.tell(JobCoordinator.Control.CLEAN_UP);
                    entry.coordinator = null;
                }
                startNext();
            }
        });
    }

    /** A coordinator that stopped without a word has crashed; its job goes on from the newest checkpoint. */
    private Behavior<Command> onTerminated(Terminated terminated) {
        if (terminated.getRef().equals(journal)) {
            throw new IllegalStateException("the journal can't be gone on with; the log says why");
        }
        for (Entry entry : jobs.values()) {
            if (entry.coordinator != null && entry.coordinator.equals(terminated.getRef())) {
                entry.coordinator = null;
                entry.crashes++;
                if (entry.crashes > CRASHES_MAX) {
                    finish(
                            entry,
                            State.FAILED,
                            entry.json.replaceFirst(
                                    "\"state\":\"[a-z]+\"",
                                    "\"state\":\"failed\",\"reason\":\"its coordinator crashed " + entry.crashes
                                            + " times; see the log\""));
                } else {
                    timers.startSingleTimer(entry.id, new BeginAgain(entry.id), BACKOFF_MIN);
                }
            }
        }
        return this;
    }

    private Behavior<Command> onBeginAgain(BeginAgain again) {
        Entry entry = jobs.get(again.job());
        if (entry != null && entry.coordinator == null && !entry.state.isFinal()) {
            start(entry);
        }
        return this;
    }
}
