package dev.sampo.node;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.cluster.Discovery;
import dev.sampo.cluster.NodeSettings;
import dev.sampo.cluster.Role;
import dev.sampo.cluster.api.ApiHandler;
import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.cluster.api.ApiResponse;
import dev.sampo.cluster.formation.KubernetesApi;
import dev.sampo.cluster.health.Lifelines;
import dev.sampo.cluster.plane.DataPlane;
import dev.sampo.cluster.store.Store;
import dev.sampo.ingestion.stream.IngestEntity;
import dev.sampo.ingestion.stream.IngestSharding;
import dev.sampo.node.client.ApiFacade;
import dev.sampo.node.management.PodDeletionCost;
import dev.sampo.node.management.RankCount;
import dev.sampo.parameter.shard.ParameterShard;
import dev.sampo.parameter.shard.ReplicaHost;
import dev.sampo.parameter.shard.ShardSharding;
import dev.sampo.serving.api.ServingApi;
import dev.sampo.serving.prediction.ArtifactFormat;
import dev.sampo.serving.prediction.Listed;
import dev.sampo.serving.prediction.Refused;
import dev.sampo.serving.prediction.RegistryModels;
import dev.sampo.serving.prediction.Serving;
import dev.sampo.serving.prediction.ServingClient;
import dev.sampo.serving.prediction.ServingManager;
import dev.sampo.serving.prediction.ServingSettings;
import dev.sampo.serving.registry.ModelRegistry;
import dev.sampo.trainer.job.JobManager;
import dev.sampo.trainer.job.TrainerServices;
import dev.sampo.trainer.worker.Worker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.ClusterSingleton;
import org.apache.pekko.cluster.typed.ClusterSingletonSettings;
import org.apache.pekko.cluster.typed.SingletonActor;

/** Starts what a node's roles ask for: sharding regions, workers, the job manager's singleton, serving. */
@SuppressWarnings("deprecation") // ClusterClient, see dev.sampo.node.client.
final class Guardian {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration LEAVE_WITHIN = Duration.ofSeconds(4);
    private static final Duration ANSWER_WITHIN = Duration.ofSeconds(10);
    /** Less than a probe waits. */
    private static final Duration REGISTRY_WITHIN = Duration.ofMillis(900);

    private Guardian() {}

    /** What the node's HTTP server needs of its actors. */
    record Services(
            ApiHandler api,
            ServingClient serving,
            ServingSettings servingSettings,
            RankCount ranks,
            ModelsSeen models) {}

    /** What this node, with role serving, can't serve yet; empty if nothing. */
    interface ModelsSeen {
        CompletionStage<String> missing();
    }

    static Behavior<Void> create(NodeOptions options, Store store, CompletableFuture<Services> ready) {
        return Behaviors.setup(context -> {
            ready.complete(start(context, options, store));
            return Behaviors.empty();
        });
    }

    private static Services start(ActorContext<Void> context, NodeOptions options, Store store) {
        ActorSystem<Void> system = context.getSystem();
        // Opened before anybody asks where it is.
        DataPlane.get(system);
        ActorRef<ReplicaHost.Command> replicas = options.roles().contains(Role.PS)
                ? context.spawn(ReplicaHost.create(), ReplicaHost.NAME)
                : system.deadLetters();
        ActorRef<ShardingEnvelope<ParameterShard.Command>> shards = ShardSharding.init(system, store, replicas);
        ActorRef<ShardingEnvelope<IngestEntity.Command>> ingest =
                IngestSharding.init(system, store, scratch(system, options));
        if (options.roles().contains(Role.COORDINATOR) || options.roles().contains(Role.PS)) {
            context.spawn(Lifelines.create(), "lifelines");
        }
        RankCount ranks = new RankCount();
        if (options.roles().contains(Role.WORKER)) {
            // A parent of their own: /user/workers/** is what the stream of large messages is configured for.
            context.spawn(workers(options.workers(), ranks, store, shards, ingest), "workers");
        }
        TrainerServices services = new TrainerServices(
                store, shards, ingest, system.settings().config().getDuration("sampo.trainer.missing-role-patience"));
        ActorRef<JobManager.Command> jobs = ClusterSingleton.get(system)
                .init(SingletonActor.of(JobManager.create(services), "job-manager")
                        .withSettings(ClusterSingletonSettings.create(system).withRole(Role.COORDINATOR.text())));
        ServingSettings servingSettings = ServingSettings.from(system.settings().config());
        RegistryModels models =
                new RegistryModels(new ModelRegistry(store), new ArtifactFormat(servingSettings.batchRowsMax()));
        ModelsSeen seen = () -> CompletableFuture.completedFuture("");
        if (options.roles().contains(Role.SERVING)) {
            var manager = Serving.start(system, models, servingSettings);
            seen = () -> AskPattern.ask(manager, ServingManager.ListModels::new, REGISTRY_WITHIN, system.scheduler())
                    .handle((reply, failure) -> reply instanceof Listed
                            ? ""
                            : reply instanceof Refused refused ? refused.reason() : "the model registry is being read");
        }
        ServingClient client = ServingClient.create(system, servingSettings);
        ApiHandler api = api(system, jobs, new ServingApi(client, models));
        registerFacade(context, api);
        if (options.discovery() == Discovery.KUBERNETES && PodDeletionCost.applies(options.roles())) {
            String pod = System.getenv("SAMPO_POD_NAME");
            if (pod != null && !pod.isBlank()) {
                KubernetesApi kubernetes = KubernetesApi.of(system.settings().config());
                context.spawn(PodDeletionCost.create(kubernetes, pod, ranks), "pod-deletion-cost");
            }
        }
        return new Services(api, client, servingSettings, ranks, seen);
    }

    /** Nodes may share their home, but never their scratch folder. */
    private static Path scratch(ActorSystem<?> system, NodeOptions options) {
        Address address = Cluster.get(system).selfMember().address();
        String name =
                address.getHost().orElse("local") + "-" + address.getPort().orElse(0);
        return options.home().resolve("scratch").resolve(name.replaceAll("[^A-Za-z0-9.-]", "_"));
    }

    private static Behavior<Void> workers(
            int count,
            RankCount ranks,
            Store store,
            ActorRef<ShardingEnvelope<ParameterShard.Command>> shards,
            ActorRef<ShardingEnvelope<IngestEntity.Command>> ingest) {
        return Behaviors.setup(context -> {
            List<ActorRef<Worker.Command>> lanes = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                lanes.add(context.spawn(
                        Behaviors.supervise(ranks.counted(Worker.create(store, shards, ingest)))
                                .onFailure(SupervisorStrategy.restart()),
                        "worker-" + i,
                        DispatcherSelector.fromConfig("sampo.compute-dispatcher")));
            }
            handBackRanksBeforeStop(context.getSystem(), lanes);
            return Behaviors.empty();
        });
    }

    /** Steps go on while the ranks of a node that stops are dealt to others; the phase's timeout is the most it waits. */
    private static void handBackRanksBeforeStop(ActorSystem<Void> system, List<ActorRef<Worker.Command>> lanes) {
        CoordinatedShutdown.get(Adapter.toClassic(system))
                .addTask(CoordinatedShutdown.PhaseBeforeServiceUnbind(), "hand-back-ranks", () -> {
                    CompletableFuture<?>[] left = lanes.stream()
                            .map(lane -> AskPattern.<Worker.Command, Done>ask(
                                            lane, Worker.Leave::new, LEAVE_WITHIN, system.scheduler())
                                    .exceptionally(late -> {
                                        system.log()
                                                .warn(
                                                        "{} still had ranks after {} s; the job deals them when this node is gone",
                                                        lane.path(),
                                                        LEAVE_WITHIN.toSeconds());
                                        return Done.getInstance();
                                    })
                                    .toCompletableFuture())
                            .toArray(CompletableFuture<?>[]::new);
                    return CompletableFuture.allOf(left).thenApply(all -> Done.getInstance());
                });
    }

    /**
     * ClusterClient reaches it by path through the receptionist of whichever node answers first. Every node has one: of a
     * facade on some other node it would have to hear by gossip first, and a request before that would be lost.
     */
    private static void registerFacade(ActorContext<Void> context, ApiHandler api) {
        org.apache.pekko.cluster.client.ClusterClientReceptionist.get(Adapter.toClassic(context.getSystem()))
                .registerService(Adapter.actorOf(context, ApiFacade.props(api), ApiFacade.NAME));
    }

    private static ApiHandler api(ActorSystem<Void> system, ActorRef<JobManager.Command> manager, ServingApi serving) {
        return request -> switch (request.operation()) {
            case "models", "predict" -> serving.handle(request);
            case "nodes" -> CompletableFuture.completedFuture(nodes(system));
            default -> askManager(system, manager, request);
        };
    }

    private static CompletionStage<ApiResponse> askManager(
            ActorSystem<Void> system, ActorRef<JobManager.Command> manager, ApiRequest request) {
        return AskPattern.<JobManager.Command, ApiResponse>ask(
                        manager, replyTo -> new JobManager.Call(request, replyTo), ANSWER_WITHIN, system.scheduler())
                .exceptionally(failure -> new ApiResponse(
                        503,
                        JSON.createObjectNode()
                                .put(
                                        "error",
                                        "no node with role coordinator answered within " + ANSWER_WITHIN.toSeconds()
                                                + " s; is one up?")
                                .toString()));
    }

    private static ApiResponse nodes(ActorSystem<Void> system) {
        ObjectNode answer = JSON.createObjectNode();
        var list = answer.putArray("nodes");
        Cluster cluster = Cluster.get(system);
        var unreachable = cluster.state().getUnreachable();
        cluster.state().getMembers().forEach(member -> {
            ObjectNode node = list.addObject();
            node.put(
                    "address",
                    member.address().getHost().orElse("?") + ":"
                            + member.address().getPort().map(String::valueOf).orElse("?"));
            var roles = node.putArray("roles");
            member.getRoles().stream()
                    .filter(role -> !role.startsWith("dc-") && !role.equals(NodeSettings.QUORUM))
                    .sorted()
                    .forEach(roles::add);
            node.put(
                    "status",
                    unreachable.contains(member)
                            ? "unreachable"
                            : member.status().toString().toLowerCase(java.util.Locale.ROOT));
        });
        return new ApiResponse(200, answer.toString());
    }
}
