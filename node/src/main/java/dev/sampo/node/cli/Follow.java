package dev.sampo.node.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.cluster.api.ApiResponse;
import dev.sampo.node.client.JobClient;
import dev.sampo.node.client.UnreachableException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
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
            throw new ExitException(
                    Cli.UNREACHABLE,
                    "something answers there (status " + response.status()
                            + "), but not as a Sampo node does; is the address that of a node's --http-port?");
        }
        if (response.status() != 200) {
            StringBuilder message = new StringBuilder(answer.path("error").asText("status " + response.status()));
            answer.path("problems").forEach(problem -> message.append("\n  ").append(problem.asText()));
            throw new ExitException(exitCode(response.status()), message.toString());
        }
        return answer;
    }

    /** A wrong request is the user's to mend, a cluster that can't serve it now may be asked again, the rest is its fault. */
    private static int exitCode(int status) {
        return status == 503 ? Cli.UNREACHABLE : status < 500 ? Cli.USAGE : Cli.FAILED;
    }

    static ObjectNode job(String id) {
        return JSON.createObjectNode().put("job", id);
    }

    /** Follows a job to its end and gives the last view. */
    static JsonNode untilEnd(JobClient client, String job, boolean quiet) throws UnreachableException {
        int columns = quiet ? 0 : columns();
        PlainProgress plain = new PlainProgress(System.currentTimeMillis());
        try (@Nullable ProgressBar bar = columns > 0 ? bar(job, columns) : null) {
            while (true) {
                JsonNode view = call(client, "status", job(job));
                if (bar != null) {
                    bar.maxHint(Math.max(1, view.path("steps").asLong()));
                    bar.stepTo(view.path("step").asLong());
                    bar.setExtraMessage(line(view));
                } else if (!quiet) {
                    show(view, plain);
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

    private static ProgressBar bar(String job, int columns) {
        return new ProgressBarBuilder()
                .setTaskName(job)
                .setInitialMax(1)
                .setUpdateIntervalMillis(200)
                // Not the library's terminal: it would take Ctrl-C over, and the job could not be cancelled.
                .setConsumer(new ConsoleProgressBarConsumer(System.err, columns))
                .setRenderer((state, width) -> ProgressLine.render(
                        state.getTaskName(), state.getCurrent(), state.getMax(), state.getExtraMessage(), width))
                .build();
    }

    /** The width of the terminal that stderr is, as the launcher tells it; 0 if it is none. */
    private static int columns() {
        String columns = System.getenv("SAMPO_COLUMNS");
        return columns != null && columns.matches("\\d{2,4}") ? Integer.parseInt(columns) - 1 : 0;
    }

    private static void show(JsonNode view, PlainProgress plain) {
        // Training and evaluating take turns every epoch, which is no news.
        String state = view.path("state").asText().replace("evaluating", "training")
                + view.path("waitingFor").asText();
        if (plain.shows(state, view.path("epochsDone").asInt(), System.currentTimeMillis())) {
            System.err.println(view.path("job").asText() + "  " + line(view));
        }
    }

    private static String line(JsonNode view) {
        List<String> parts = new ArrayList<>(List.of(view.path("state").asText()));
        if (view.hasNonNull("waitingFor")) {
            parts.add("waiting for " + view.path("waitingFor").asText());
        }
        if (view.path("epoch").asInt() > 0) {
            parts.add("epoch " + view.path("epoch").asInt() + "/"
                    + view.path("epochs").asInt());
            parts.add("step " + view.path("step").asLong() + "/"
                    + view.path("steps").asLong());
        }
        if (view.hasNonNull("loss")) {
            parts.add(String.format(Locale.ROOT, "loss %.4f", view.path("loss").asDouble()));
        }
        if (view.hasNonNull("rowsPerSecond")) {
            parts.add(String.format(
                    Locale.ROOT, "%,.0f rows/s", view.path("rowsPerSecond").asDouble()));
            if (!FINAL.contains(view.path("state").asText())) {
                parts.add("ETA " + duration(view.path("etaSeconds").asLong()));
            }
        }
        return String.join("  ", parts);
    }

    static String duration(long seconds) {
        return seconds < 120
                ? Math.max(0, seconds) + " s"
                : seconds < 7200
                        ? seconds / 60 + " min"
                        : String.format(Locale.ROOT, "%d:%02d h", seconds / 3600, seconds / 60 % 60);
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

    /** One job for a person to read. */
    static void table(JsonNode view) {
        String state = view.path("state").asText();
        row("job", view.path("job").asText());
        row("state", state);
        if (view.hasNonNull("reason")) {
            row("reason", view.path("reason").asText());
        }
        if (view.hasNonNull("waitingFor")) {
            row("waiting for", view.path("waitingFor").asText());
        }
        view.path("refusedWorkers").forEach(worker -> row("refused", worker.asText()));
        if (view.path("epoch").asInt() > 0) {
            row(
                    "epoch",
                    view.path("epoch").asInt() + " of " + view.path("epochs").asInt());
            row(
                    "step",
                    String.format(
                            Locale.ROOT,
                            "%,d of %,d",
                            view.path("step").asLong(),
                            view.path("steps").asLong()));
            row(
                    "rows applied",
                    String.format(
                            Locale.ROOT,
                            "%,d, %,d an epoch",
                            view.path("rowsApplied").asLong(),
                            view.path("rowsPerEpoch").asLong()));
        }
        if (view.path("badRecords").asLong() > 0) {
            row(
                    "bad records",
                    String.format(
                            Locale.ROOT, "%,d skipped", view.path("badRecords").asLong()));
        }
        metrics(view.path("metrics").path("validation"));
        JsonNode model = view.path("model");
        if (model.isObject()) {
            row(
                    "model",
                    model.path("name").asText() + ":" + model.path("version").asInt());
            row("path", model.path("path").asText());
            row("weights sha256", model.path("weightsSha256").asText());
        }
        StringBuilder seconds = new StringBuilder();
        for (var phase : view.path("seconds").properties()) {
            seconds.append(String.format(
                    Locale.ROOT, "%s %.2f s  ", phase.getKey(), phase.getValue().asDouble()));
        }
        row("time", seconds.toString().trim());
    }

    private static void metrics(JsonNode validation) {
        for (var metric : validation.properties()) {
            JsonNode value = metric.getValue();
            if (value.isNumber()) {
                row(
                        "  " + metric.getKey(),
                        value.isIntegralNumber()
                                ? String.format(Locale.ROOT, "%,d", value.asLong())
                                : String.format(Locale.ROOT, "%.5f", value.asDouble()));
            }
        }
    }

    private static void row(String name, String value) {
        System.out.printf("%-16s %s%n", name, value);
    }
}
