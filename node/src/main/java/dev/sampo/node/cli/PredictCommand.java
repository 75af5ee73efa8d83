package dev.sampo.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import dev.sampo.node.client.JobClient;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Asks a model about rows of a CSV file. */
@Command(
        name = "predict",
        mixinStandardHelpOptions = true,
        description = "Asks a served model about the raw rows of a CSV file with a header.",
        footer = {
            "",
            "Examples:",
            "  sampo predict digits-mlp --data rows.csv",
            "  sampo predict digits-mlp:2 --data - < rows.csv"
        })
final class PredictCommand extends ClusterCommands.Base {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Parameters(paramLabel = "MODEL[:VERSION]", description = "the model; the newest version if none is given")
    private String model = "";

    @Option(names = "--data", required = true, paramLabel = "FILE|-", description = "CSV with a header; - is stdin")
    private String data = "-";

    @Override
    int run(JobClient client) throws Exception {
        int colon = model.indexOf(':');
        ObjectNode body = JSON.createObjectNode().put("model", colon < 0 ? model : model.substring(0, colon));
        if (colon >= 0) {
            if (!model.substring(colon + 1).matches("\\d{1,9}")) {
                throw new IllegalArgumentException("the version in " + model + " must be a number");
            }
            body.put("version", Integer.parseInt(model.substring(colon + 1)));
        }
        read(body.putArray("columns"), body.putArray("rows"));
        JsonNode answer = Follow.call(client, "predict", body);
        if (json) {
            System.out.println(answer);
            return 0;
        }
        for (JsonNode each : answer.path("predictions")) {
            System.out.println(
                    each.has("label")
                            ? each.path("label").asText() + "  " + each.path("probabilities")
                            : each.path("value").asText());
        }
        return 0;
    }

    private void read(ArrayNode columns, ArrayNode rows) throws Exception {
        try (Reader in = data.equals("-")
                        ? new InputStreamReader(System.in, StandardCharsets.UTF_8)
                        : Files.newBufferedReader(Path.of(data));
                CsvReader<CsvRecord> csv = CsvReader.builder().ofCsvRecord(in)) {
            for (CsvRecord record : csv) {
                List<String> fields = record.getFields();
                if (columns.isEmpty()) {
                    fields.forEach(name -> columns.add(name.strip()));
                } else {
                    ArrayNode row = rows.addArray();
                    fields.forEach(cell -> row.add(cell.strip().equals("?") ? "" : cell.strip()));
                }
            }
        }
    }
}
