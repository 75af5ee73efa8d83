package dev.sampo.cluster.journal;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.BiPredicate;

/**
 * The facts of one journal that were handed over and are not known to be durable. A write that failed may have come through
 * all the same (its answer was lost with the connection), so after each failure the journal is read again, and what it has
 * tells which are durable: facts are written in order, by one writer. Pure; one {@link Journal} owns it.
 */
final class PendingFacts<F> {
    private final BiPredicate<F, F> same;
    private final Deque<Pending<F>> pending = new ArrayDeque<>();
    private boolean read;
    private int durable;

    /** A fact, and what is to happen once it is durable. */
    record Pending<F>(F fact, Runnable then) {}

    /** The journal holds what this writer did not write, or lacks what was durable: it is not the only one. */
    static final class ConflictException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        ConflictException(String message) {
            super(message);
        }
    }

    /** @param same whether a fact that was written is the one that was read */
    PendingFacts(BiPredicate<F, F> same) {
        this.same = same;
    }

    void add(Pending<F> fact) {
        pending.add(fact);
    }

    /** What is to be written, in order, after a {@link #read}. */
    List<F> toWrite() {
        return pending.stream().map(Pending::fact).toList();
    }

    /** Whether the journal was ever read. */
    boolean isRead() {
        return read;
    }

    /** The oldest pending fact is durable; gives what is to happen. */
    Runnable written() {
        durable++;
        return pending.remove().then();
    }

    /** The journal was read and has {@code facts}; gives what is to happen for those pending that are among them. */
    List<Runnable> read(List<F> facts) {
        List<Runnable> then = new ArrayList<>();
        if (!read) {
            read = true;
            durable = facts.size();
            return then;
        }
        if (facts.size() < durable) {
            throw new ConflictException(
                    "it has " + facts.size() + " facts, but " + durable + " were durable; was the database set back?");
        }
        for (F fact : List.copyOf(facts.subList(durable, facts.size()))) {
            if (pending.isEmpty() || !same.test(pending.peek().fact(), fact)) {
                throw new ConflictException("somebody else wrote to it: " + fact);
            }
            then.add(written());
        }
        return then;
    }
}
