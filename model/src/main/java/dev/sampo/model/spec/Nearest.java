package dev.sampo.model.spec;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** How far a misspelt name is from a known one. */
public final class Nearest {
    private Nearest() {}

    /** The known name that was probably meant: the nearest, if at most two or a third of the letters differ. */
    public static Optional<String> of(String name, Collection<String> known) {
        return known.stream()
                .min(Comparator.comparingInt(each -> distance(name, each)))
                .filter(best -> distance(name, best) <= Math.max(2, name.length() / 3));
    }

    /** Levenshtein distance. */
    public static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int corner = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int above = row[j];
                int change = corner + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(change, Math.min(above, row[j - 1]) + 1);
                corner = above;
            }
        }
        return row[b.length()];
    }
}
