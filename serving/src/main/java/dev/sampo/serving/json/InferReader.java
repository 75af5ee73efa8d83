package dev.sampo.serving.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.sampo.serving.prediction.RowTable;
import dev.sampo.serving.registry.ModelInfo;
import dev.sampo.serving.registry.ModelInfo.Input;
import dev.sampo.serving.registry.ModelInfo.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the usual form of an inference request in one pass, straight from its bytes: numbers as FP32 or FP64 and texts, each
 * tensor's shape and datatype before its flat data, all outputs wanted. Anything else, a fault too, is left to
 * {@link InferRequest#decode}, which builds a tree and says what is wrong; what both take is the same to both.
 */
final class InferReader {
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
            .build();
    /** Longer numbers, or ones with an exponent, may be beyond a datatype's range. */
    private static final int PLAIN_NUMBER_MAX = 25;

    /** The request isn't of the usual form. */
    private static final class Unusual extends Exception {
        private static final long serialVersionUID = 1L;
        static final Unusual IT = new Unusual();

        private Unusual() {
            super("not of the usual form", null, false, false);
        }
    }

    private final JsonParser parser;
    private final ModelInfo model;
    private final int rowsMax;
    private final List<String> columns = new ArrayList<>();
    /** Of each input: its column, or -1 for the vector. */
    private final int[] columnOf;

    private final boolean[] given;
    private @Nullable Input vector;
    private int count = -1;
    private @Nullable String[][] cells = {};
    private float[][] values = {};

    private InferReader(JsonParser parser, ModelInfo model, int rowsMax) {
        this.parser = parser;
        this.model = model;
        this.rowsMax = rowsMax;
        columnOf = new int[model.inputs().size()];
        given = new boolean[columnOf.length];
        for (int i = 0; i < columnOf.length; i++) {
            Input input = model.inputs().get(i);
            if (input.kind() == Kind.VECTOR) {
                vector = input;
                columnOf[i] = -1;
            } else {
                columnOf[i] = columns.size();
                columns.add(input.name());
            }
        }
    }

    /** The request, or null if it is not of the usual form. */
    static @Nullable InferRequest read(byte[] body, ModelInfo model) {
        try (JsonParser parser = FACTORY.createParser(body)) {
            // A row takes more than a byte, so a larger shape is a fault: nothing is allocated for it.
            return new InferReader(parser, model, body.length).request();
        } catch (Unusual | JsonProcessingException e) {
            return null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private InferRequest request() throws IOException, Unusual {
        String id = null;
        boolean inputs = false;
        expect(parser.nextToken() == JsonToken.START_OBJECT);
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String field = parser.currentName();
            if ("inputs".equals(field)) {
                expect(!inputs && parser.nextToken() == JsonToken.START_ARRAY);
                inputs = true;
                for (int i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
                    tensor(i);
                }
            } else {
                expect("id".equals(field) && id == null && parser.nextToken() == JsonToken.VALUE_STRING);
                id = parser.getText();
            }
        }
        expect(parser.nextToken() == null);
        for (boolean each : given) {
            expect(each);
        }
        expect(count > 0);
        Input wide = vector;
        return new InferRequest(
                wide == null
                        ? new RowTable(columns, null, 0, cells, null, null)
                        : new RowTable(columns, wide.name(), wide.width(), cells, null, values),
                List.of(),
                id,
                Set.of());
    }

    private void tensor(int index) throws IOException, Unusual {
        expect(parser.currentToken() == JsonToken.START_OBJECT);
        int input = -1;
        boolean typed = false;
        boolean shaped = false;
        boolean filled = false;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String field = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (field) {
                case "name" -> {
                    expect(input < 0 && value == JsonToken.VALUE_STRING);
                    input = inputNamed(parser.getText(), index);
                }
                case "datatype" -> {
                    expect(!typed && input >= 0 && value == JsonToken.VALUE_STRING);
                    datatype(model.inputs().get(input).kind(), parser.getText());
                    typed = true;
                }
                case "shape" -> {
                    expect(!shaped && input >= 0 && value == JsonToken.START_ARRAY);
                    shape(model.inputs().get(input));
                    shaped = true;
                }
                case "data" -> {
                    expect(typed && shaped && !filled && value == JsonToken.START_ARRAY);
                    data(input);
                    filled = true;
                }
                default -> throw Unusual.IT;
            }
        }
        expect(filled && !given[input]);
        given[input] = true;
    }

    /** Most often the tensors come in the model's order. */
    private int inputNamed(String name, int guess) throws Unusual {
        List<Input> inputs = model.inputs();
        if (guess < inputs.size() && inputs.get(guess).name().equals(name)) {
            return guess;
        }
        for (int i = 0; i < inputs.size(); i++) {
            if (inputs.get(i).name().equals(name)) {
                return i;
            }
        }
        throw Unusual.IT;
    }

    private static void datatype(Kind kind, String type) throws Unusual {
        expect(kind == Kind.TEXT ? type.equals("BYTES") : type.equals("FP32") || type.equals("FP64"));
    }

    private void shape(Input input) throws IOException, Unusual {
        expect(parser.nextToken() == JsonToken.VALUE_NUMBER_INT);
        int rows = parser.getIntValue();
        JsonToken next = parser.nextToken();
        if (next == JsonToken.VALUE_NUMBER_INT) {
            expect(parser.getIntValue() == input.width());
            next = parser.nextToken();
        } else {
            expect(input.kind() != Kind.VECTOR);
        }
        expect(next == JsonToken.END_ARRAY && rows > 0 && rows <= rowsMax);
        if (count < 0) {
            count = rows;
            cells = new String[rows][columns.size()];
            values = new float[vector == null ? 0 : rows][];
        }
        expect(rows == count);
    }

    private void data(int input) throws IOException, Unusual {
        Input column = model.inputs().get(input);
        for (int row = 0; row < count; row++) {
            if (column.kind() == Kind.VECTOR) {
                values[row] = row(column.width());
            } else {
                JsonToken token = parser.nextToken();
                cells[row][columnOf[input]] = column.kind() == Kind.TEXT ? text(token) : number(token);
            }
        }
        expect(parser.nextToken() == JsonToken.END_ARRAY);
    }

    private @Nullable String text(JsonToken token) throws IOException, Unusual {
        if (token == JsonToken.VALUE_NULL) {
            return null;
        }
        expect(token == JsonToken.VALUE_STRING);
        String text = parser.getText();
        // As in a file: an empty field is a missing value.
        return text.isEmpty() ? null : text;
    }

    /** The digits as they stand in the body: the pipeline reads the same number from them. */
    private @Nullable String number(JsonToken token) throws IOException, Unusual {
        if (token == JsonToken.VALUE_NULL) {
            return null;
        }
        expect(token == JsonToken.VALUE_NUMBER_FLOAT || token == JsonToken.VALUE_NUMBER_INT);
        String text = parser.getText();
        expect(text.length() <= PLAIN_NUMBER_MAX && text.indexOf('e') < 0 && text.indexOf('E') < 0);
        // An integer has no negative zero.
        expect(token == JsonToken.VALUE_NUMBER_FLOAT || !text.equals("-0"));
        return text;
    }

    private float[] row(int width) throws IOException, Unusual {
        float[] row = new float[width];
        for (int i = 0; i < width; i++) {
            JsonToken token = parser.nextToken();
            expect(token == JsonToken.VALUE_NUMBER_FLOAT || token == JsonToken.VALUE_NUMBER_INT);
            double value = parser.getDoubleValue();
            expect(Math.abs(value) <= Float.MAX_VALUE);
            row[i] = (float) value;
        }
        return row;
    }

    private static void expect(boolean usual) throws Unusual {
        if (!usual) {
            throw Unusual.IT;
        }
    }
}
