package dev.sampo.node.cli;

/** Which views of a job become a line where no bar can be shown: every change of state, and epochs now and then. */
final class PlainProgress {
    private static final long PAUSE_MIN_MS = 1_000;
    private static final long PAUSE_MAX_MS = 60_000;
    /** A day's training must not fill a log, nor a minute's look dead: lines come rarer the longer it takes. */
    private static final long SHARE_OF_TIME = 20;

    private final long startedMs;
    private long shownMs;
    private String state = "";
    private int epochs;

    PlainProgress(long nowMs) {
        startedMs = nowMs;
    }

    boolean shows(String newState, int newEpochs, long nowMs) {
        long pause = Math.max(PAUSE_MIN_MS, Math.min(PAUSE_MAX_MS, (nowMs - startedMs) / SHARE_OF_TIME));
        if (newState.equals(state) && (newEpochs == epochs || nowMs - shownMs < pause)) {
            return false;
        }
        state = newState;
        epochs = newEpochs;
        shownMs = nowMs;
        return true;
    }
}
