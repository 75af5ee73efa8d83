package dev.sampo.model.feature;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;
import dev.sampo.model.data.Target;
import java.util.HashMap;
import java.util.Map;

/**
 * The label of raw rows, as fit and apply read it.
 *
 * @param index where it stands in a row
 */
record LabelColumn(LabelSpec spec, int index) {
    String name() {
        return spec.columnOrDefault();
    }

    boolean numeric() {
        return spec.typeOrDefault().equals("numeric");
    }

    /** The label as it is written. */
    String cell(Row row) throws BadRecordException {
        String cell = row.cells()[index];
        if (cell == null) {
            throw new BadRecordException("column " + name() + ": the label is missing");
        }
        return cell;
    }

    double number(Row row) throws BadRecordException {
        return Numbers.parse(name(), cell(row));
    }

    /** Class numbers by label, in each class's own spelling; another spelling is found by {@link #canonical}. */
    static Map<String, Integer> positions(Target target) {
        Map<String, Integer> positions = new HashMap<>();
        for (int i = 0; i < target.classes().size(); i++) {
            positions.put(target.classes().get(i), i);
        }
        return positions;
    }

    /**
     * A label in the spelling that is compared, in rows and specs alike. LIBSVM files write a binary negative as -1 or 0,
     * sometimes one in training and the other in testing, so these are one.
     */
    static String canonical(String text, LabelSpec spec) {
        String same = normalized(text);
        return spec.typeOrDefault().equals("binary") && same.equals("-1") ? "0" : same;
    }

    /** Whole numbers in one spelling, so that +1, 1 and 1.0 are one label. */
    private static String normalized(String text) {
        if (!text.isEmpty() && "+-0123456789".indexOf(text.charAt(0)) >= 0) {
            try {
                double value = Numbers.parseDouble(text);
                if (value == Math.rint(value) && Math.abs(value) < 1e15) {
                    return Long.toString((long) value);
                }
            } catch (NumberFormatException e) {
                return text;
            }
        }
        return text;
    }
}
