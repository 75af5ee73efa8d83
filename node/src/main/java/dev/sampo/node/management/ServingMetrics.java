package dev.sampo.node.management;

import dev.sampo.serving.prediction.ServingLoad;
import dev.sampo.serving.prediction.ServingLoad.Counts;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.function.ToDoubleFunction;

/** What a serving node's models were asked; none on other nodes. */
final class ServingMetrics {
    private ServingMetrics() {}

    static void register(PrometheusRegistry registry, ServingLoad load) {
        counter(
                registry,
                load,
                "sampo_serving_requests",
                "Requests answered here, refused ones too.",
                Counts::requests);
        counter(
                registry,
                load,
                "sampo_serving_refused",
                "Requests that got a reason, no predictions.",
                Counts::refused);
        counter(registry, load, "sampo_serving_rows", "Rows that predictions were asked for.", Counts::rows);
        counter(
                registry,
                load,
                "sampo_serving_seconds",
                "From requests' arrival at their model to their replies; over the requests it is the mean.",
                Counts::seconds);
    }

    private static void counter(
            PrometheusRegistry registry, ServingLoad load, String name, String help, ToDoubleFunction<Counts> value) {
        CounterWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames("model")
                .callback(out -> load.models().forEach((model, counts) -> out.call(value.applyAsDouble(counts), model)))
                .register(registry);
    }
}
