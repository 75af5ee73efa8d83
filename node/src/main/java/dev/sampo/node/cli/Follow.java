package dev.sampo.node.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.cluster.api.ApiResponse;
import dev.sampo.node.client.JobClient;
import dev.sampo.node.client.UnreachableException;
import java.util.Locale;
import java.util.Set;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** Talks to a cluster's control API and shows a job's progress on stderr until it ends. */
final class Follow {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> FINAL = Set.of("done", "failed", "cancelled");
    private static final long POLL_MS = 150;

    private Follow() {}

    /** The JSON of a successful call; anything else ends the program with its message. */
    static JsonNode call(JobClient client, String operation, ObjectNode body) throws UnreachableException {
        ApiResponse response = client.call(new ApiRequest(operation, body.toString()));
        JsonNode answer;
        try {
            answer = JSON.readTree(response.body());
        } catch (JsonProcessingException e) {
            throw new ExitException(Cli.FAILED, "the cluster's answer is not JSON: " + response.body());
        }
        if (response.status() != 200) {
            StringBuilder message = new StringBuilder(answer.path("error").asText("status " + response.status()));
            answer.path("problems").forEach(problem -> message.append("\n  ").append(problem.asText()));
            throw new ExitException(response.status() == 503 ? Cli.UNREACHABLE : Cli.USAGE, message.toString());
        }
        return answer;
    }

    static ObjectNode job(String id) {
        return JSON.createObjectNode().put("job", id);
    }

    /** Follows a job to its end and gives the last view. */
    static JsonNode untilEnd(JobClient client, String job, boolean quiet) throws UnreachableException {
        boolean terminal = System.console() != null && !quiet;
        try (@Nullable ProgressBar bar = terminal ? bar(job) : null) {
            String shown = "";
            while (true) {
                JsonNode view = call(client, "status", job(job));
                if (bar != null) {
                    bar.maxHint(Math.max(1, view.path("steps").asLong()));
                    bar.stepTo(view.path("step").asLong());
                    bar.setExtraMessage(line(view));
                } else if (!quiet) {
                    shown = show(view, shown);
                }
                if (FINAL.contains(view.path("state").asText())) {
                    return view;
                }
                Thread.sleep(POLL_MS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ExitException(Cli.FAILED, "interrupted");
        }
    }

    private static ProgressBar bar(String job) {
        return new ProgressBarBuilder()
                .setTaskName(job)
                .setStyle(ProgressBarStyle.ASCII)
                .setInitialMax(1)
                .setUpdateIntervalMillis(200)
                .hideEta()
                .build();
    }

    /** Without a terminal: a line at each epoch and change of state. */
    private static String show(JsonNode view, String shown) {
        String key = view.path("state").asText()
                + view.path("epochsDone").asInt()
                + view.path("waitingFor").asText();
        if (!key.equals(shown)) {
            System.err.println(view.path("job").asText() + "  " + line(view));
        }
        return key;
    }

    private static String line(JsonNode view) {
        StringBuilder line = new StringBuilder(view.path("state").asText());
        if (view.hasNonNull("waitingFor")) {
            line.append("  waiting for ").append(view.path("waitingFor").asText());
        }
        if (view.path("epoch").asInt() > 0) {
            line.append(String.format(
                    Locale.ROOT,
                    "  epoch %d/%d  step %d/%d",
                    view.path("epoch").asInt(),
                    view.path("epochs").asInt(),
                    view.path("step").asLong(),
                    view.path("steps").asLong()));
        }
        if (view.hasNonNull("loss")) {
            line.append(
                    String.format(Locale.ROOT, "  loss %.4f", view.path("loss").asDouble()));
        }
        if (view.hasNonNull("rowsPerSecond")) {
            line.append(String.format(
                    Locale.ROOT,
                    "  %,.0f rows/s  ETA %.0f s",
                    view.path("rowsPerSecond").asDouble(),
                    Math.max(0, view.path("etaSeconds").asDouble())));
        }
        return line.toString();
    }

    /** Prints the end of a job, as JSON or as a table, and gives the exit code. */
    static int report(JsonNode view, boolean json) {
        if (json) {
            System.out.println(view);
        } else {
            table(view);
        }
        return view.path("state").asText().equals("done") ? 0 : Cli.FAILED;
    }

    private static void table(JsonNode view) {
        String state = view.path("state").asText();
        System.out.printf("%-16s %s%n", "job", view.path("job").asText());
        System.out.printf("%-16s %s%n", "state", state);
        if (view.hasNonNull("reason")) {
            System.out.printf("%-16s %s%n", "reason", view.path("reason").asText());
        }
        if (!state.equals("done")) {
            return;
        }
        System.out.printf(
                "%-16s %,d of %,d an epoch%n",
                "rows applied",
                view.path("rowsApplied").asLong(),
                view.path("rowsPerEpoch").asLong());
        for (var metric : view.path("metrics").path("validation").properties()) {
            if (metric.getValue().isNumber()) {
                String value = metric.getValue().isIntegralNumber()
                        ? String.format(Locale.ROOT, "%,d", metric.getValue().asLong())
                        : String.format(Locale.ROOT, "%.5f", metric.getValue().asDouble());
                System.out.printf("%-16s %s%n", "  " + metric.getKey(), value);
            }
        }
        JsonNode model = view.path("model");
        System.out.printf(
                "%-16s %s:%d%n",
                "model", model.path("name").asText(), model.path("version").asInt());
        System.out.printf("%-16s %s%n", "path", model.path("path").asText());
        System.out.printf(
                "%-16s %s%n", "weights sha256", model.path("weightsSha256").asText());
        StringBuilder seconds = new StringBuilder();
        for (var phase : view.path("seconds").properties()) {
            seconds.append(String.format(
                    Locale.ROOT, "%s %.2f s  ", phase.getKey(), phase.getValue().asDouble()));
        }
        System.out.printf("%-16s %s%n", "time", seconds.toString().trim());
    }
}
