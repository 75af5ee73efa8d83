package dev.sampo.model.feature;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The text of a category, or of a cross's combination, in features.json: the cell as it is, {@code (missing)} for none, cells of
 * a cross joined by {@code " & "}. What would read as something else is escaped by a backslash: a backslash itself, an
 * ampersand in a cross, a cell that says {@code (missing)} or {@code (other)}, half of a surrogate pair. So different cells
 * have different texts.
 */
final class CategoryKey {
    static final String AND = " & ";
    static final String OTHER = "(other)";
    private static final String MISSING = "(missing)";

    private CategoryKey() {}

    /** The text of one cell; the cell itself unless something must be escaped. */
    static String escape(@Nullable String cell, boolean cross) {
        if (cell == null) {
            return MISSING;
        }
        if (cell.equals(MISSING) || cell.equals(OTHER)) {
            return "\\" + cell;
        }
        for (int i = 0; i < cell.length(); i++) {
            char c = cell.charAt(i);
            if (c == '\\' || c == '&' && cross || Character.isSurrogate(c)) {
                return escaped(cell, cross);
            }
        }
        return cell;
    }

    private static String escaped(String cell, boolean cross) {
        StringBuilder text = new StringBuilder(cell.length() + 8);
        int next;
        for (int i = 0; i < cell.length(); i += Character.charCount(next)) {
            next = cell.codePointAt(i);
            if (next == '\\' || next == '&' && cross) {
                text.append('\\').append((char) next);
            } else if (next >= Character.MIN_SURROGATE && next <= Character.MAX_SURROGATE) {
                text.append("\\u").append(Integer.toHexString(next));
            } else {
                text.appendCodePoint(next);
            }
        }
        return text.toString();
    }

    /** The cells [columns] of a text; {@link IllegalArgumentException} if it is none. */
    static @Nullable String[] parse(String text, int columns) {
        List<@Nullable String> cells = new ArrayList<>(columns);
        int from = 0;
        for (int i = 0; columns > 1 && i < text.length(); i++) {
            if (text.charAt(i) == '\\') {
                i++;
            } else if (text.startsWith(AND, i)) {
                cells.add(unescape(text.substring(from, i)));
                from = i + AND.length();
                i = from - 1;
            }
        }
        cells.add(unescape(text.substring(from)));
        if (cells.size() != columns) {
            throw new IllegalArgumentException("\"" + Numbers.shorten(text) + "\" must be the values of " + columns
                    + " columns but has " + cells.size());
        }
        return cells.toArray(new String[0]);
    }

    private static @Nullable String unescape(String text) {
        if (text.equals(MISSING)) {
            return null;
        }
        if (text.indexOf('\\') < 0) {
            return text;
        }
        StringBuilder cell = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '\\' || i + 1 == text.length()) {
                cell.append(c);
            } else if (text.startsWith("ud", i + 1) && i + 5 < text.length()) {
                cell.append((char) Integer.parseInt(text, i + 2, i + 6, 16));
                i += 5;
            } else {
                cell.append(text.charAt(++i));
            }
        }
        return cell.toString();
    }
}
