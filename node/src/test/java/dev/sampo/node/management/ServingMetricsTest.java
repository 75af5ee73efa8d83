package dev.sampo.node.management;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.serving.prediction.ServingLoad;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ServingMetricsTest {
    @Test
    void eachModelHasItsCounters() throws Exception {
        ServingLoad load = new ServingLoad();
        PrometheusRegistry registry = new PrometheusRegistry();
        ServingMetrics.register(registry, load);
        load.model("digits");
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        PrometheusTextFormatWriter.create().write(text, registry.scrape());
        assertThat(text.toString(StandardCharsets.UTF_8))
                .contains(
                        "sampo_serving_requests_total{model=\"digits\"} 0.0",
                        "sampo_serving_refused_total{model=\"digits\"} 0.0",
                        "sampo_serving_rows_total{model=\"digits\"} 0.0",
                        "sampo_serving_seconds_total{model=\"digits\"} 0.0");
    }
}
