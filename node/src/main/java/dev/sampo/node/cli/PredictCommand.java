package dev.sampo.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.node.client.JobClient;
import java.io.BufferedReader;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Asks a model about raw rows. */
@Command(
        name = "predict",
        description = {
            "Asks a served model about raw rows; prints a line for each: the value, or the label and the likeliest "
                    + "labels' probabilities. With --json all of it, in one object.",
            "The rows are CSV with a header or JSON lines, with the columns that the model was trained on; a label "
                    + "and other columns may be there and are ignored. An empty text, ?, NA and N/A are missing values."
        },
        footer = {
            "",
            "Examples:",
            "  sampo predict digits-mlp --data rows.csv",
            "  sampo predict digits-mlp:2 --data - < rows.csv",
            "  echo '{\"age\": 39, \"sex\": \"Male\"}' | sampo predict adult --data - --json"
        })
final class PredictCommand extends ClusterCommands.Base {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** A request must fit a control message; larger files go in several. */
    private static final int REQUEST_CHARS_MAX = 128 * 1024;

    private static final int SHOWN_MAX = 5;
    private static final Pattern ROW = Pattern.compile("rows\\[(\\d{1,9})]\\.");

    @Parameters(paramLabel = "MODEL[:VERSION]", description = "the model; the newest version if none is given")
    private String model = "";

    @Option(names = "--data", required = true, paramLabel = "FILE|-", description = "the rows, .gz too; - is stdin")
    private String data = "-";

    @Override
    int run(JobClient client) throws Exception {
        int colon = model.indexOf(':');
        ObjectNode request = JSON.createObjectNode().put("model", colon < 0 ? model : model.substring(0, colon));
        if (colon >= 0) {
            if (!model.substring(colon + 1).matches("\\d{1,9}")) {
                throw new IllegalArgumentException("the version in " + model + " must be a number");
            }
            request.put("version", Integer.parseInt(model.substring(colon + 1)));
        }
        Requests requests = new Requests(client, request);
        try (BufferedReader in = RowReader.open(data)) {
            RowReader.read(in, requests::add);
        }
        requests.send();
        if (json) {
            System.out.println(requests.answer);
        }
        return 0;
    }

    /** Gathers rows into requests; all of them together are one answer. */
    private final class Requests {
        private final JobClient client;
        private final ObjectNode request;
        private final ObjectNode answer = JSON.createObjectNode();
        private final ArrayNode predictions = JSON.createArrayNode();
        private ArrayNode rows = JSON.createArrayNode();
        private List<String> columns = List.of();
        private final List<Long> lines = new ArrayList<>();
        private int characters;

        Requests(JobClient client, ObjectNode request) {
            this.client = client;
            this.request = request;
        }

        void add(List<String> named, ArrayNode cells, long line) throws Exception {
            columns = named;
            lines.add(line);
            rows.add(cells);
            characters += cells.toString().length();
            if (characters >= REQUEST_CHARS_MAX) {
                send();
            }
        }

        void send() throws Exception {
            if (rows.isEmpty()) {
                return;
            }
            columns.forEach(request.putArray("columns")::add);
            request.set("rows", rows);
            JsonNode part = ask();
            answer.setAll((ObjectNode) part);
            part.path("predictions").forEach(predictions::add);
            answer.set("predictions", predictions);
            if (!json) {
                part.path("predictions").forEach(PredictCommand::print);
            }
            rows = JSON.createArrayNode();
            lines.clear();
            characters = 0;
        }

        /** A fault of a row is told with its line, for the user knows of no requests. */
        private JsonNode ask() throws Exception {
            try {
                return Follow.call(client, "predict", request);
            } catch (ExitException e) {
                Matcher row = ROW.matcher(String.valueOf(e.getMessage()));
                if (!row.find() || Integer.parseInt(row.group(1)) >= lines.size()) {
                    throw e;
                }
                String line = "line " + lines.get(Integer.parseInt(row.group(1))) + ", column ";
                throw new ExitException(e.code(), row.replaceFirst(Matcher.quoteReplacement(line)));
            }
        }
    }

    /** A label with the likeliest of all, or a value. */
    private static void print(JsonNode prediction) {
        if (!prediction.has("label")) {
            System.out.println(prediction.path("value").asText());
            return;
        }
        String likeliest = prediction.path("probabilities").properties().stream()
                .sorted(Comparator.comparingDouble(each -> -each.getValue().asDouble()))
                .limit(SHOWN_MAX)
                .map(each -> String.format(
                        Locale.ROOT, "%s: %.4f", each.getKey(), each.getValue().asDouble()))
                .collect(Collectors.joining("  "));
        System.out.printf("%-8s %s%n", prediction.path("label").asText(), likeliest);
    }
}
