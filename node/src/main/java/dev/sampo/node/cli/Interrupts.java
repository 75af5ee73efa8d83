package dev.sampo.node.cli;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jline.utils.Signals;
import org.jspecify.annotations.Nullable;

/** Ctrl-C: the first ends the program in good order, the second ends it at once. */
final class Interrupts {
    /** What a shell reports of a program that SIGINT ended. */
    private static final int EXIT_CODE = 130;

    private static final AtomicBoolean STOPPING = new AtomicBoolean();

    private Interrupts() {}

    /** What stops in good order are the shutdown hooks. */
    static void install() {
        Object before = Signals.register("INT", Interrupts::onSignal);
        if (isIgnored(before)) {
            // Such as for a script's background job: then its caller wants it ignored.
            Signals.unregister("INT", before);
        }
    }

    private static boolean isIgnored(@Nullable Object handler) {
        try {
            return handler != null
                    && handler
                            == Class.forName("sun.misc.SignalHandler")
                                    .getField("SIG_IGN")
                                    .get(null);
        } catch (ReflectiveOperationException e) {
            return false;
        }
    }

    private static void onSignal() {
        if (STOPPING.getAndSet(true)) {
            Runtime.getRuntime().halt(EXIT_CODE);
        }
        // Not here: this thread must stay free for the second signal.
        new Thread(() -> System.exit(EXIT_CODE), "stop-on-interrupt").start();
    }
}
