package dev.sampo.serving.prediction;

import dev.sampo.model.data.BadRecordException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Runs joined requests through a model and splits the predictions back. Pure but for the model's scratch memory. */
final class ForwardPass {
    private ForwardPass() {}

    /**
     * One reply for each request, in order. A row that can't be used costs only its own request: the others run again
     * without it.
     */
    static List<PredictReply> run(LoadedModel model, List<RowTable> requests) {
        if (requests.size() == 1) {
            return List.of(runOne(model, requests.get(0)));
        }
        try {
            return split(checked(model.predict(join(requests))), requests);
        } catch (BadRecordException | RuntimeException oneOfThem) {
            // Which request was at fault shows when each runs alone.
            return requests.stream().map(rows -> runOne(model, rows)).toList();
        }
    }

    private static PredictReply runOne(LoadedModel model, RowTable rows) {
        try {
            return checked(model.predict(rows));
        } catch (BadRecordException e) {
            return new Refused(Refused.Kind.BAD_REQUEST, message(e));
        } catch (IllegalArgumentException e) {
            return new Refused(Refused.Kind.BAD_REQUEST, message(e));
        } catch (RuntimeException e) {
            return new Refused(Refused.Kind.FAILED, "the model failed on this request: " + e);
        }
    }

    /** JSON has no NaN, and a model that gives one is broken: say so instead of passing it on. */
    private static Predicted checked(Predicted predicted) {
        for (int i = 0; i < predicted.values().length; i++) {
            if (!Float.isFinite(predicted.values()[i])) {
                throw new IllegalStateException("row " + i / predicted.outputs() + ": the prediction is "
                        + predicted.values()[i] + ", an input may be too large or the model has diverged");
            }
        }
        return predicted;
    }

    static RowTable join(List<RowTable> tables) {
        RowTable first = tables.get(0);
        int count = tables.stream().mapToInt(RowTable::count).sum();
        String[][] cells = new String[count][];
        int[] @Nullable [] indices = null;
        float[] @Nullable [] values = first.values() == null ? null : new float[count][];
        int at = 0;
        for (RowTable table : tables) {
            System.arraycopy(table.cells(), 0, cells, at, table.count());
            if (values != null && table.values() != null) {
                System.arraycopy(table.values(), 0, values, at, table.count());
            }
            if (table.indices() != null) {
                indices = indices == null ? new int[count][] : indices;
                System.arraycopy(table.indices(), 0, indices, at, table.count());
            }
            at += table.count();
        }
        return new RowTable(first.columns(), first.vectorName(), first.vectorWidth(), cells, indices, values);
    }

    private static List<PredictReply> split(Predicted joined, List<RowTable> requests) {
        List<PredictReply> replies = new ArrayList<>(requests.size());
        int row = 0;
        for (RowTable request : requests) {
            int end = row + request.count();
            replies.add(new Predicted(
                    joined.model(),
                    joined.version(),
                    joined.outputs(),
                    Arrays.copyOfRange(joined.values(), row * joined.outputs(), end * joined.outputs()),
                    joined.labels().isEmpty() ? List.of() : joined.labels().subList(row, end)));
            row = end;
        }
        return replies;
    }

    private static String message(Exception e) {
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }
}
