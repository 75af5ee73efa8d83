package dev.sampo.trainer.job;

import dev.sampo.cluster.Role;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Whom a job can't go on without, and when it has waited for them long enough. Pure: the caller looks, and tells the time. */
final class MissingPeers {
    /** After so long it is worth saying who has not answered. */
    private static final long UNHEARD_MS = 5_000;

    private final Collection<Role> needed;
    private final long patienceMs;
    private long sinceMs = -1;

    /**
     * What is seen of the peers.
     *
     * @param roles of all nodes of the cluster
     * @param refusedWorkers the reasons, the newest last
     * @param shardsReady whether all shards of this start have answered
     * @param silentShards those asked to start that have not answered
     * @param askedMs when the shards were asked first
     */
    record Seen(
            Set<String> roles,
            boolean anyWorker,
            List<String> refusedWorkers,
            boolean shardsReady,
            List<Integer> silentShards,
            long askedMs) {}

    /** @param forEver whether to wait without end: they are there, and are asked again */
    record Missing(String who, String advice, boolean forEver) {}

    /** What there is to say since the last look. */
    sealed interface News {}

    record WaitingFor(String who) implements News {}

    record AllThere() implements News {}

    record GivenUp(String reason) implements News {}

    MissingPeers(Collection<Role> needed, long patienceMs) {
        this.needed = List.copyOf(needed);
        this.patienceMs = patienceMs;
    }

    Optional<Missing> missing(Seen seen, long nowMs) {
        List<String> roles = needed.stream()
                .map(Role::text)
                .filter(role -> !seen.roles().contains(role))
                .toList();
        if (!roles.isEmpty()) {
            return Optional.of(new Missing(
                    "a node with role " + String.join(" and one with role ", roles),
                    "start one with: sampo node --roles " + String.join(",", roles),
                    false));
        }
        if (!seen.anyWorker() && !seen.refusedWorkers().isEmpty()) {
            String last = seen.refusedWorkers().get(seen.refusedWorkers().size() - 1);
            return Optional.of(
                    new Missing("a worker with the job's numerics", "none of those present has them: " + last, false));
        }
        boolean unheard = nowMs - seen.askedMs() > UNHEARD_MS;
        if (unheard && !seen.silentShards().isEmpty()) {
            return Optional.of(
                    new Missing("parameter shards " + seen.silentShards() + " to start", "they are asked again", true));
        }
        if (unheard && seen.shardsReady() && !seen.anyWorker()) {
            return Optional.of(new Missing("a worker that answers", "they are asked again", true));
        }
        return Optional.empty();
    }

    /** To be called now and then. */
    Optional<News> look(Seen seen, long nowMs) {
        Optional<Missing> missing = missing(seen, nowMs);
        if (missing.isEmpty()) {
            boolean waited = sinceMs >= 0;
            sinceMs = -1;
            return waited ? Optional.of(new AllThere()) : Optional.empty();
        }
        Missing now = missing.get();
        if (sinceMs < 0) {
            sinceMs = nowMs;
            return Optional.of(new WaitingFor(now.who()));
        }
        if (!now.forEver() && nowMs - sinceMs > patienceMs) {
            return Optional.of(
                    new GivenUp("waited " + patienceMs / 1000 + " s for " + now.who() + "; " + now.advice()));
        }
        return Optional.empty();
    }
}
