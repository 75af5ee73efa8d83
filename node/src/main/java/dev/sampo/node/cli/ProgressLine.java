package dev.sampo.node.cli;

import java.util.ArrayList;
import java.util.List;

/** One line of progress that fits a terminal: what matters least gives way first, and the bar takes the room that is left. */
final class ProgressLine {
    private static final int BAR_MIN = 8;
    private static final int BAR_MAX = 30;
    /** What the rest of the line says too: the bar shows the step, and who trains has epochs. */
    private static final List<String> GIVES_WAY = List.of("step ", "training", "evaluating");

    private ProgressLine() {}

    /** The words are parts with two blanks between. */
    static String render(String name, long current, long max, String words, int width) {
        double done = max <= 0 ? 0 : Math.min(1, (double) current / max);
        String head = name + String.format(" %3d%% ", (int) (100 * done));
        List<String> parts = new ArrayList<>(List.of(words.split(" {2}")));
        for (String each : GIVES_WAY) {
            if (room(head, parts, width) < BAR_MIN) {
                parts.removeIf(part -> part.startsWith(each));
            }
        }
        int bar = Math.min(BAR_MAX, room(head, parts, width));
        String line = head + (bar < BAR_MIN ? "" : bar(done, bar)) + String.join("  ", parts);
        return line.length() <= width ? line : line.substring(0, Math.max(0, width));
    }

    private static int room(String head, List<String> parts, int width) {
        return width - head.length() - String.join("  ", parts).length() - "[] ".length();
    }

    private static String bar(double done, int width) {
        int filled = (int) Math.round(done * width);
        return "[" + "=".repeat(filled) + " ".repeat(width - filled) + "] ";
    }
}
