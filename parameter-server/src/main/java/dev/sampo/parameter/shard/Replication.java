package dev.sampo.parameter.shard;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who holds a copy of one shard, and so whether an applied step may be answered (invariant I4). A new holder is filled
 * while the old one still counts, so that there is no moment without. Pure; the shard's entity owns it.
 */
final class Replication {
    private static final long ACK_WITHIN_MS = 2_000;

    private @Nullable Copy heir;
    private @Nullable Copy filling;
    private int lost;

    private static final class Copy {
        private final String node;
        private long acknowledged = -1;
        private long sentMs;
        private long sent;

        private Copy(String node, long clock, long nowMs) {
            this.node = node;
            sent = clock;
            sentMs = nowMs;
        }

        private boolean isOverdue(long nowMs) {
            return acknowledged < sent && nowMs - sentMs > ACK_WITHIN_MS;
        }
    }

    /**
     * Looks at the nodes there are now, and at the time.
     *
     * @param wanted the node that should hold the copy, if there is any
     * @param present nodes that can hold one
     * @param clock the shard's
     * @return a node that must be sent the whole state of {@code clock}, and every step from there
     */
    Optional<String> look(Optional<String> wanted, Set<String> present, long clock, long nowMs) {
        if (heir != null && (!present.contains(heir.node) || heir.isOverdue(nowMs))) {
            drop(heir.node);
        }
        if (filling != null
                && (!present.contains(filling.node)
                        || filling.isOverdue(nowMs)
                        || !wanted.equals(Optional.of(filling.node)))) {
            drop(filling.node);
        }
        if (wanted.isEmpty() || !present.contains(wanted.get()) || holds(wanted.get())) {
            return Optional.empty();
        }
        filling = new Copy(wanted.get(), clock, nowMs);
        return wanted;
    }

    private boolean holds(String node) {
        return heir != null && heir.node.equals(node) || filling != null && filling.node.equals(node);
    }

    /** Whether there are {@link #targets}. */
    boolean hasTargets() {
        return heir != null || filling != null;
    }

    /** The nodes to send each step to. */
    List<String> targets() {
        List<String> targets = new ArrayList<>(2);
        if (heir != null) {
            targets.add(heir.node);
        }
        if (filling != null) {
            targets.add(filling.node);
        }
        return targets;
    }

    /** Whether a copy is still being filled: what was sent to it may lie in a queue. */
    boolean isFilling() {
        return filling != null;
    }

    /** The step to {@code clock} was sent to all {@link #targets}. */
    void sent(long clock, long nowMs) {
        for (Copy copy : copies()) {
            if (copy.acknowledged >= copy.sent) {
                copy.sentMs = nowMs;
            }
            copy.sent = clock;
        }
    }

    private List<Copy> copies() {
        List<Copy> copies = new ArrayList<>(2);
        if (heir != null) {
            copies.add(heir);
        }
        if (filling != null) {
            copies.add(filling);
        }
        return copies;
    }

    /**
     * A node holds the state of {@code clock}.
     *
     * @return a node whose copy is needed no longer
     */
    Optional<String> acknowledged(String node, long clock, long nowMs) {
        for (Copy copy : copies()) {
            if (copy.node.equals(node) && clock > copy.acknowledged) {
                copy.acknowledged = clock;
                copy.sentMs = nowMs;
            }
        }
        if (filling == null || filling.acknowledged < 0) {
            return Optional.empty();
        }
        Optional<String> old = heir == null ? Optional.empty() : Optional.of(heir.node);
        heir = filling;
        filling = null;
        return old;
    }

    /** A node can't follow: its copy is worth nothing. */
    void drop(String node) {
        if (heir != null && heir.node.equals(node)) {
            heir = null;
            lost++;
        }
        if (filling != null && filling.node.equals(node)) {
            filling = null;
        }
    }

    /** Whether what leads to {@code clock} is where it must be. Without a whole copy anywhere nobody waits for one. */
    boolean mayAnswer(long clock) {
        return heir == null || heir.acknowledged >= clock;
    }

    /** Whether {@code node} holds exactly what there is. */
    boolean isAt(String node, long clock) {
        return heir != null && heir.node.equals(node) && heir.acknowledged >= clock;
    }

    /** How often a copy that counted was lost. */
    int lost() {
        return lost;
    }
}
