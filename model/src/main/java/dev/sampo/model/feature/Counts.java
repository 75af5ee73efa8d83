package dev.sampo.model.feature;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** How often each text occurred. Hashed, for it is asked once a row; its order is that of the texts. Not thread-safe. */
final class Counts {
    private final Map<String, long[]> counts = new HashMap<>();

    void add(String text, long times) {
        long[] count = counts.get(text);
        if (count == null) {
            count = new long[1];
            counts.put(text, count);
        }
        count[0] += times;
    }

    /** Number of different texts. */
    int size() {
        return counts.size();
    }

    boolean contains(String text) {
        return counts.containsKey(text);
    }

    /** Whether together these and those are more than {@code max} different texts. */
    boolean wouldExceed(Counts later, int max) {
        return size() + later.size() > max
                && size()
                                + later.counts.keySet().stream()
                                        .filter(each -> !contains(each))
                                        .count()
                        > max;
    }

    void merge(Counts later) {
        later.counts.forEach((text, count) -> add(text, count[0]));
    }

    TreeMap<String, Long> sorted() {
        TreeMap<String, Long> sorted = new TreeMap<>();
        counts.forEach((text, count) -> sorted.put(text, count[0]));
        return sorted;
    }
}
