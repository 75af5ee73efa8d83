package dev.sampo.model.feature;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A number for each combination of some columns' cells: a count while fitting, a feature's position when applied. A tree of
 * hash maps, one level for each column, so that looking up a row allocates nothing. Not thread-safe while it changes.
 */
final class Categories {
    /** One level's cells; at the last level the number. */
    private static final class Node {
        @Nullable Map<@Nullable String, Node> next;

        long number = -1;
    }

    private final int columns;
    private final Node root = new Node();
    private int size;
    private long chars;

    Categories(int columns) {
        this.columns = columns;
    }

    /** Number of combinations. */
    int size() {
        return size;
    }

    /** Characters of all combinations, about what they take in memory. */
    long chars() {
        return chars;
    }

    /** The number of the combination cells[at[0]], cells[at[1]] …, or -1. */
    long get(@Nullable String[] cells, int[] at) {
        Node node = root;
        for (int each : at) {
            Node next = node.next == null ? null : node.next.get(cells[each]);
            if (next == null) {
                return -1;
            }
            node = next;
        }
        return node.number;
    }

    /** Adds to the number of a combination; a new one starts from 0. */
    void add(@Nullable String[] cells, int[] at, long number) {
        Node node = root;
        for (int each : at) {
            node = child(node, cells[each]);
        }
        if (node.number < 0) {
            node.number = 0;
            size++;
            chars += length(cells, at);
        }
        node.number += number;
    }

    static long length(@Nullable String[] cells, int[] at) {
        long length = 0;
        for (int each : at) {
            String cell = cells[each];
            length += cell == null ? 0 : cell.length();
        }
        return length;
    }

    private static Node child(Node node, @Nullable String cell) {
        Map<@Nullable String, Node> next = node.next;
        if (next == null) {
            next = new HashMap<>();
            node.next = next;
        }
        Node child = next.get(cell);
        if (child == null) {
            child = new Node();
            next.put(cell, child);
        }
        return child;
    }

    /** The numbers by {@link CategoryKey} text, in its order. */
    TreeMap<String, Long> sorted() {
        TreeMap<String, Long> sorted = new TreeMap<>();
        collect(root, "", 0, sorted);
        return sorted;
    }

    private void collect(Node node, String prefix, int level, Map<String, Long> into) {
        if (level == columns) {
            into.put(prefix, node.number);
        } else if (node.next != null) {
            node.next.forEach((cell, child) -> collect(
                    child,
                    (level == 0 ? "" : prefix + CategoryKey.AND) + CategoryKey.escape(cell, columns > 1),
                    level + 1,
                    into));
        }
    }
}
