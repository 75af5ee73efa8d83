package dev.sampo.serving.json;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Messages about names that aren't known. */
final class Names {
    private static final int SHOWN_MAX = 20;

    private Names() {}

    /** {@code "; did you mean "age"?"} if a known name is near, and then the known names. */
    static String suggest(String unknown, List<String> known) {
        String nearest = known.stream()
                .min(Comparator.comparingInt(name -> distance(unknown, name)))
                .filter(name -> distance(unknown, name) <= Math.max(2, name.length() / 3))
                .map(name -> "; did you mean \"" + name + "\"?")
                .orElse(";");
        return nearest + " known are " + list(known);
    }

    /** The names in quotes, the first twenty of many. */
    static String list(Collection<String> names) {
        List<String> shown =
                names.stream().limit(SHOWN_MAX).map(name -> "\"" + name + "\"").toList();
        String text = String.join(", ", shown);
        return names.size() > SHOWN_MAX ? text + " and " + (names.size() - SHOWN_MAX) + " more" : text;
    }

    /** Levenshtein distance without regard to case. */
    static int distance(String left, String right) {
        String a = left.length() > 200 ? left.substring(0, 200) : left;
        int[] row = new int[right.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                boolean same = Character.toLowerCase(a.charAt(i - 1)) == Character.toLowerCase(right.charAt(j - 1));
                int best = Math.min(Math.min(row[j], row[j - 1]) + 1, diagonal + (same ? 0 : 1));
                diagonal = row[j];
                row[j] = best;
            }
        }
        return row[right.length()];
    }
}
