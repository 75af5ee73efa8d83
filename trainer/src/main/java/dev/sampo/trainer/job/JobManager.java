package dev.sampo.trainer.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.cluster.JobId;
import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.cluster.api.ApiResponse;
import dev.sampo.cluster.wire.CborSerializable;
import dev.sampo.trainer.job.JobStatus.State;
import dev.sampo.trainer.spec.JobSpec;
import dev.sampo.trainer.spec.JobSpecs;
import dev.sampo.trainer.spec.SpecException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.jspecify.annotations.Nullable;

/**
 * The cluster's singleton that owns the list of jobs: validates and queues what is submitted and runs one job at a time
 * (a paused one steps aside). Answers the control operations of {@link ApiRequest}.
 */
public final class JobManager extends AbstractBehavior<JobManager.Command> {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int JOBS_KEPT = 1000;

    /** What the manager understands. */
    public sealed interface Command {}

    /** One control request; answered by an {@link ApiResponse}. */
    public record Call(ApiRequest request, ActorRef<ApiResponse> replyTo) implements Command, CborSerializable {}

    private record Updated(JobCoordinator.Update update) implements Command {}

    /** One job as the manager knows it. */
    private static final class Entry {
        final JobId id;
        final JobSpec spec;
        State state = State.QUEUED;
        String json;

        @Nullable ActorRef<JobCoordinator.Command> coordinator;

        Entry(JobId id, JobSpec spec, String json) {
            this.id = id;
            this.spec = spec;
            this.json = json;
        }
    }

    private final TrainerServices services;
    private final Map<JobId, Entry> jobs = new LinkedHashMap<>();
    private final Deque<JobId> queue = new ArrayDeque<>();

    public static Behavior<Command> create(TrainerServices services) {
        return Behaviors.setup(context -> new JobManager(context, services));
    }

    private JobManager(ActorContext<Command> context, TrainerServices services) {
        super(context);
        this.services = services;
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Call.class, this::onCall)
                .onMessage(Updated.class, this::onUpdated)
                .onSignal(Terminated.class, this::onTerminated)
                .build();
    }

    private Behavior<Command> onCall(Call call) {
        ApiResponse response;
        try {
            ObjectNode body = JSON.readValue(call.request().body(), ObjectNode.class);
            response = switch (call.request().operation()) {
                case "submit" -> submit(body);
                case "jobs" -> list();
                case "status" -> withJob(body, entry -> new ApiResponse(200, entry.json));
                case "cancel" -> withJob(body, entry -> control(entry, JobCoordinator.Control.CANCEL));
                case "pause" -> withJob(body, entry -> control(entry, JobCoordinator.Control.PAUSE));
                case "resume" -> withJob(body, entry -> control(entry, JobCoordinator.Control.RESUME));
                default -> error(400, "unknown operation \"" + call.request().operation() + "\"");
            };
        } catch (JsonProcessingException e) {
            response = error(400, "the request is not a JSON object: " + e.getOriginalMessage());
        } catch (RuntimeException e) {
            getContext().getLog().error("request {} failed", call.request().operation(), e);
            response = error(500, "the job manager failed: " + e);
        }
        call.replyTo().tell(response);
        return this;
    }

    private ApiResponse submit(ObjectNode body) throws JsonProcessingException {
        if (!body.has("spec")) {
            return error(400, "spec: missing; send {\"spec\": {…}}");
        }
        JobSpec spec;
        try {
            spec = JobSpecs.parse(JSON.writeValueAsString(body.get("spec")), false);
        } catch (SpecException e) {
            ObjectNode answer = JSON.createObjectNode()
                    .put("error", "the job spec has " + e.problems().size() + " problem(s)");
            ArrayNode problems = answer.putArray("problems");
            e.problems().forEach(problems::add);
            return new ApiResponse(400, answer.toString());
        }
        JobId id = nextId(spec.name());
        Entry entry = new Entry(id, spec, JSON.writeValueAsString(new JobStatus(id, spec.name())));
        forgetOldest();
        jobs.put(id, entry);
        queue.add(id);
        startNext();
        return new ApiResponse(
                200, JSON.createObjectNode().put("job", id.value()).toString());
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

    private ApiResponse withJob(ObjectNode body, java.util.function.Function<Entry, ApiResponse> then) {
        String id = body.path("job").asText("");
        Entry entry = jobs.values().stream()
                .filter(each -> each.id.value().equals(id))
                .findFirst()
                .orElse(null);
        if (entry == null) {
            String known =
                    String.join(", ", jobs.keySet().stream().map(JobId::value).toList());
            return error(404, "no job \"" + id + "\"; " + (known.isEmpty() ? "there are none" : "there are " + known));
        }
        return then.apply(entry);
    }

    private ApiResponse control(Entry entry, JobCoordinator.Control control) {
        if (entry.state.isFinal()) {
            return error(409, "job " + entry.id + " is " + entry.state.name().toLowerCase(Locale.ROOT) + " already");
        }
        if (entry.coordinator != null) {
            if (control == JobCoordinator.Control.RESUME && running() != null && running() != entry) {
                return error(409, "job " + running().id + " is running; " + entry.id + " can go on when it ends");
            }
            entry.coordinator.tell(control);
        } else if (control == JobCoordinator.Control.CANCEL) {
            queue.remove(entry.id);
            entry.state = State.CANCELLED;
            entry.json = entry.json.replace("\"state\":\"queued\"", "\"state\":\"cancelled\"");
        } else {
            return error(409, "job " + entry.id + " is queued; only a running job can be paused or resumed");
        }
        return new ApiResponse(200, entry.json);
    }

    private @Nullable Entry running() {
        return jobs.values().stream()
                .filter(entry -> entry.coordinator != null && entry.state != State.PAUSED && !entry.state.isFinal())
                .findFirst()
                .orElse(null);
    }

    private void startNext() {
        while (running() == null && !queue.isEmpty()) {
            Entry entry = jobs.get(queue.remove());
            if (entry == null) {
                continue;
            }
            entry.state = State.INDEXING;
            ActorRef<Command> self = getContext().getSelf();
            entry.coordinator = getContext()
                    .spawn(
                            JobCoordinator.create(
                                    entry.id, entry.spec, services, update -> self.tell(new Updated(update))),
                            "job-" + entry.id);
            getContext().watch(entry.coordinator);
        }
    }

    private Behavior<Command> onUpdated(Updated updated) {
        Entry entry = jobs.get(updated.update().job());
        if (entry != null && !entry.state.isFinal()) {
            entry.state = updated.update().state();
            entry.json = updated.update().json();
            startNext();
        }
        return this;
    }

    /** A coordinator that stopped without a final state has crashed; its job must not look alive. */
    private Behavior<Command> onTerminated(Terminated terminated) {
        for (Entry entry : jobs.values()) {
            if (entry.coordinator != null && entry.coordinator.equals(terminated.getRef())) {
                entry.coordinator = null;
                if (!entry.state.isFinal()) {
                    entry.state = State.FAILED;
                    entry.json = entry.json.replaceFirst(
                            "\"state\":\"[a-z]+\"",
                            "\"state\":\"failed\",\"reason\":\"its coordinator crashed; see the log\"");
                }
            }
        }
        startNext();
        return this;
    }
}
