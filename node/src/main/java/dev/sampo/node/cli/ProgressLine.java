package dev.sampo.node.cli;

/** One line of progress that fits a terminal: the bar takes the room that the words leave. */
final class ProgressLine {
    private static final int BAR_MIN = 8;
    private static final int BAR_MAX = 30;

    private ProgressLine() {}

    static String render(String name, long current, long max, String words, int width) {
        double done = max <= 0 ? 0 : Math.min(1, (double) current / max);
        String percent = String.format("%3d%%", (int) (100 * done));
        int room = width - name.length() - percent.length() - words.length() - 6;
        int bar = Math.max(BAR_MIN, Math.min(BAR_MAX, room));
        int filled = (int) Math.round(done * bar);
        String line = name + " " + percent + " [" + "=".repeat(filled) + " ".repeat(bar - filled) + "] " + words;
        return line.length() <= width ? line : line.substring(0, Math.max(0, width));
    }
}
