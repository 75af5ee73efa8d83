package dev.sampo.node.management;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.cluster.NodeSettings;
import dev.sampo.cluster.api.ApiHandler;
import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.serving.prediction.ServingLoad;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.typed.Cluster;

/**
 * The metrics of one node: its JVM, the cluster as it sees it, its workers' ranks, what its models were asked, and, where the job manager is, the jobs.
 * All are read when they are asked for. Thread-safe.
 */
final class NodeMetrics {
    static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();
    private final Cluster cluster;
    private final ApiHandler api;
    private final JobMetrics jobs = new JobMetrics(registry);

    NodeMetrics(ActorSystem<?> system, ApiHandler api, RankCount ranks) {
        cluster = Cluster.get(system);
        this.api = api;
        JvmMetrics.builder().register(registry);
        GaugeWithCallback.builder()
                .name("sampo_cluster_members")
                .help("Members as this node sees them; a member counts for each of its roles.")
                .labelNames("role", "status")
                .callback(out -> members().forEach((labels, count) -> {
                    String[] each = labels.split(" ");
                    out.call(count, each);
                }))
                .register(registry);
        GaugeWithCallback.builder()
                .name("sampo_node_ranks")
                .help("Ranks that this node's workers compute for.")
                .callback(out -> out.call(ranks.ranks()))
                .register(registry);
        ServingMetrics.register(registry, ServingLoad.of(system));
    }

    private Map<String, Integer> members() {
        Map<String, Integer> members = new TreeMap<>();
        var unreachable = cluster.state().getUnreachable();
        for (Member member : cluster.state().getMembers()) {
            String status = unreachable.contains(member)
                    ? "unreachable"
                    : member.status().toString().toLowerCase(Locale.ROOT);
            member.getRoles().stream()
                    .filter(role -> !role.startsWith("dc-") && !role.equals(NodeSettings.QUORUM))
                    .forEach(role -> members.merge(role + " " + status, 1, Integer::sum));
        }
        return members;
    }

    /** Prometheus' text format. */
    CompletionStage<byte[]> text() {
        CompletionStage<JsonNode> views = JobManagerPlace.isHere(cluster)
                ? api.handle(new ApiRequest("jobs", "{}")).thenApply(response -> parse(response.body()))
                : CompletableFuture.completedFuture(JSON.createObjectNode());
        return views.thenApply(this::render);
    }

    /** Nobody else may render between the taking of the jobs and their telling. */
    private synchronized byte[] render(JsonNode views) {
        jobs.take(views.path("jobs"));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            writer.write(out, registry.scrape());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private static JsonNode parse(String body) {
        try {
            return JSON.readTree(body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
