package dev.sampo.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.node.client.JobClient;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Asks a model about raw rows. */
@Command(
        name = "predict",
        description = {
            "Asks a served model about raw rows, one prediction a line.",
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

    @Parameters(paramLabel = "MODEL[:VERSION]", description = "the model; the newest version if none is given")
    private String model = "";

    @Option(names = "--data", required = true, paramLabel = "FILE|-", description = "the rows; - is stdin")
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
        try (BufferedReader in = data.equals("-")
                ? new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))
                : Files.newBufferedReader(Path.of(data))) {
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
        private int characters;

        Requests(JobClient client, ObjectNode request) {
            this.client = client;
            this.request = request;
        }

        void add(List<String> named, ArrayNode cells) throws Exception {
            columns = named;
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
            JsonNode part = Follow.call(client, "predict", request);
            answer.setAll((ObjectNode) part);
            part.path("predictions").forEach(predictions::add);
            answer.set("predictions", predictions);
            if (!json) {
                part.path("predictions").forEach(PredictCommand::print);
            }
            rows = JSON.createArrayNode();
            characters = 0;
        }
    }

    private static void print(JsonNode prediction) {
        System.out.println(
                prediction.has("label")
                        ? prediction.path("label").asText() + "  " + prediction.path("probabilities")
                        : prediction.path("value").asText());
    }
}
