package dev.sampo.node.management;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The jobs' states and counters as the job manager last told them; those that have ended count only among the states. */
final class JobMetrics {
    private static final Set<String> ENDED = Set.of("done", "failed", "cancelled");
    private volatile JsonNode views = new ObjectMapper().createArrayNode();

    JobMetrics(PrometheusRegistry registry) {
        GaugeWithCallback.builder()
                .name("sampo_jobs")
                .help("Jobs by state; told by the node that has the job manager.")
                .labelNames("state")
                .callback(out -> states().forEach((state, count) -> out.call(count, state)))
                .register(registry);
        gauge(registry, "sampo_job_epoch", "The epoch a job is in.", "epoch");
        gauge(registry, "sampo_job_step", "Steps applied.", "step");
        gauge(registry, "sampo_job_steps", "Steps that the job has in all.", "steps");
        gauge(registry, "sampo_job_loss", "Training loss, of late.", "loss");
        gauge(registry, "sampo_job_rows_per_second", "Rows that are trained on each second, of late.", "rowsPerSecond");
        gauge(registry, "sampo_job_workers", "Workers that compute for the job.", "workers");
        counter(registry, "sampo_job_contributions", "Contributions of ranks that were counted.", "contributions");
        counter(registry, "sampo_job_duplicates", "Contributions that came again and were not counted.", "duplicates");
        counter(registry, "sampo_job_retries", "Requests that workers sent again.", "retries");
        counter(registry, "sampo_job_recoveries", "How often training went back to a checkpoint.", "recoveries");
        counter(
                registry,
                "sampo_job_shards_moved",
                "Parameter shards that went on elsewhere with their state.",
                "shardsMoved");
    }

    void take(JsonNode now) {
        views = now;
    }

    private Map<String, Integer> states() {
        Map<String, Integer> states = new TreeMap<>();
        views.forEach(view -> states.merge(view.path("state").asText(), 1, Integer::sum));
        return states;
    }

    private void gauge(PrometheusRegistry registry, String name, String help, String field) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames("job")
                .callback(out -> each(field, out::call))
                .register(registry);
    }

    private void counter(PrometheusRegistry registry, String name, String help, String field) {
        CounterWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames("job")
                .callback(out -> each(field, out::call))
                .register(registry);
    }

    private interface Told {
        void call(double value, String... labels);
    }

    private void each(String field, Told out) {
        for (JsonNode view : views) {
            if (!ENDED.contains(view.path("state").asText()) && view.path(field).isNumber()) {
                out.call(view.path(field).asDouble(), view.path("job").asText());
            }
        }
    }
}
