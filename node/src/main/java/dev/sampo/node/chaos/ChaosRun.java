package dev.sampo.node.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sampo.cluster.Role;
import dev.sampo.node.chaos.ClusterProcesses.Member;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One job on a {@link ClusterProcesses} under a plan of faults, with how long training paused at each. */
public final class ChaosRun {
    private static final long LOOK_EVERY_MS = 20;
    private static final Duration PROGRESS_WITHIN = Duration.ofSeconds(120);
    private static final long SMOOTH_PAUSE_MS = 600;
    private static final long SMOOTH_FOR_MS = 2_000;
    private static final long RESTARTED_AFTER_MS = 1_000;
    private static final long STARTED_AFTER_MS = 6_000;
    private static final long WORKS_WITHIN_MS = 60_000;

    private final ClusterProcesses cluster;
    private final JobWatch watch;
    private final Random random;
    private final Consumer<Outcome> told;
    private final List<Due> dues = new ArrayList<>();
    private @Nullable MemoryWatch memory;
    private @Nullable JsonNode view;
    private long step = -1;
    private long advancedMs = nowMs();
    private long longestPauseMs;
    private long roughMs = nowMs();

    /**
     * What a fault did.
     *
     * @param step the last one known before
     * @param pauseMs the longest time without an applied step, until training went smoothly again
     * @param ended whether the job was over before; then the time says nothing
     */
    public record Outcome(Fault fault, long step, long pauseMs, boolean ended) {}

    private interface Act {
        void run() throws IOException, InterruptedException;
    }

    private record Due(long atMs, Act act) {}

    /** @param told hears of every fault once training goes on */
    public ChaosRun(ClusterProcesses cluster, String job, long seed, Consumer<Outcome> told) {
        this.cluster = cluster;
        watch = new JobWatch(job);
        random = new Random(seed);
        this.told = told;
    }

    /** Also looks at the processes' memory. */
    public ChaosRun watching(MemoryWatch watched) {
        memory = watched;
        return this;
    }

    /** Lets the faults happen one after the other, each when training goes on, and gives the job's last status. */
    public JsonNode run(List<Fault> plan) throws IOException, InterruptedException {
        try {
            awaitSmooth();
            for (Fault fault : plan) {
                if (hasEnded()) {
                    break;
                }
                long at = step;
                longestPauseMs = 0;
                befall(fault);
                awaitSmooth();
                told.accept(new Outcome(fault, at, longestPauseMs, hasEnded()));
            }
            while (!hasEnded()) {
                turn();
            }
            return java.util.Objects.requireNonNull(view);
        } finally {
            watch.close();
        }
    }

    private boolean hasEnded() {
        return view != null && view.path("state").asText().matches("done|failed|cancelled");
    }

    private void befall(Fault fault) throws IOException, InterruptedException {
        switch (fault.kind()) {
            case KILL -> kill(fault.roles().isEmpty() ? cluster.members() : victims(fault.roles()));
            case DRAIN -> victims(fault.roles()).forEach(this::drain);
            case FREEZE -> freeze(victims(fault.roles()), fault.amount());
            case CUT -> cut(victims(fault.roles()), fault.amount());
            case SCALE -> scale(fault.roles().get(0), fault.amount());
            case WAIT -> after(fault.amount() * 1_000L, () -> {});
        }
    }

    /** One node for each role, none twice, by chance. */
    private List<Member> victims(List<Role> roles) {
        List<Member> victims = new ArrayList<>();
        for (Role role : roles) {
            List<Member> candidates = new ArrayList<>(cluster.of(role));
            candidates.removeAll(victims);
            if (!candidates.isEmpty()) {
                victims.add(candidates.get(random.nextInt(candidates.size())));
            }
        }
        return victims;
    }

    private void kill(List<Member> victims) throws InterruptedException {
        for (Member victim : victims) {
            cluster.kill(victim);
        }
        after(RESTARTED_AFTER_MS, () -> replace(victims));
    }

    /** Coordinators first: where nobody is left, the others join the first of them. */
    private void replace(List<Member> gone) throws IOException, InterruptedException {
        boolean alone = cluster.members().isEmpty();
        for (Member each : gone) {
            if (each.role() == Role.COORDINATOR) {
                Member fresh = cluster.startOne(Role.COORDINATOR);
                if (alone) {
                    fresh.process().awaitUp();
                }
            }
        }
        for (Member each : gone) {
            if (each.role() != Role.COORDINATOR) {
                cluster.startOne(each.role());
            }
        }
    }

    private void drain(Member victim) {
        cluster.leave(victim);
        whenGone(victim, () -> cluster.startOne(victim.role()));
    }

    private void whenGone(Member victim, Act then) {
        after(LOOK_EVERY_MS, () -> {
            if (victim.process().isAlive()) {
                whenGone(victim, then);
            } else {
                then.run();
            }
        });
    }

    private void freeze(List<Member> victims, int seconds) throws IOException, InterruptedException {
        for (Member victim : victims) {
            victim.process().freeze();
        }
        after(seconds * 1_000L, () -> {
            for (Member victim : victims) {
                victim.process().thaw();
            }
            // A node that was taken out meanwhile learns of it now, and ends.
            after(5_000, () -> {});
        });
    }

    private void cut(List<Member> ends, int seconds) throws IOException, InterruptedException {
        Member one = ends.get(0);
        Member other = ends.get(1);
        cluster.link(one, other, false);
        after(seconds * 1_000L, () -> cluster.link(one, other, true));
        // Whoever was taken out meanwhile learns of it and ends.
        after(seconds * 1_000L + 15_000, () -> {});
    }

    /** As an orchestrator does: a node that ended without being told to is started again. */
    private void replaceEnded() throws InterruptedException {
        List<Member> ended = cluster.members().stream()
                .filter(member -> !member.process().isAlive())
                .toList();
        if (!ended.isEmpty()) {
            kill(ended);
        }
    }

    private void scale(Role role, int nodes) throws IOException, InterruptedException {
        List<Member> now = new ArrayList<>(cluster.of(role));
        for (int i = now.size(); i < nodes; i++) {
            cluster.startOne(role);
        }
        for (int i = now.size(); i > nodes; i--) {
            Member victim = now.remove(now.size() - 1);
            cluster.leave(victim);
            whenGone(victim, () -> {});
        }
        if (now.size() < nodes) {
            // Whoever starts needs a while to be of any account.
            if (role == Role.WORKER) {
                whenWorking(nodes, nowMs() + WORKS_WITHIN_MS);
            } else {
                after(STARTED_AFTER_MS, () -> {});
            }
        }
    }

    /** Until the job knows of so many workers; not for ever, since they may be of no use to it. */
    private void whenWorking(int workers, long endMs) {
        after(LOOK_EVERY_MS, () -> {
            boolean working = view != null && view.path("workers").asInt() >= workers;
            if (!working && nowMs() < endMs) {
                whenWorking(workers, endMs);
            } else {
                roughMs = nowMs();
            }
        });
    }

    private void after(long ms, Act act) {
        dues.add(new Due(nowMs() + ms, act));
    }

    /** Until nothing is due any more, all nodes are up, and steps come without long pauses for a while; or the job ended. */
    private void awaitSmooth() throws IOException, InterruptedException {
        roughMs = nowMs();
        while (!hasEnded() && (!dues.isEmpty() || nowMs() - roughMs < SMOOTH_FOR_MS)) {
            turn();
            if (nowMs() - advancedMs > SMOOTH_PAUSE_MS
                    || cluster.members().stream()
                            .anyMatch(member -> !member.process().isUp())) {
                roughMs = nowMs();
            }
            if (nowMs() - advancedMs > PROGRESS_WITHIN.toMillis()) {
                throw new IOException("no step was applied for " + PROGRESS_WITHIN.toSeconds() + " s; the job says "
                        + (view == null ? "nothing" : view.path("state") + ", waiting for " + view.path("waitingFor"))
                        + "\n" + cluster.logs());
            }
        }
    }

    private void turn() throws IOException, InterruptedException {
        for (Due due : List.copyOf(dues)) {
            if (due.atMs() <= nowMs()) {
                dues.remove(due);
                due.act().run();
            }
        }
        replaceEnded();
        look();
    }

    private void look() throws InterruptedException {
        Thread.sleep(LOOK_EVERY_MS);
        if (memory != null) {
            memory.look(cluster.members());
        }
        watch.ask(cluster.http().collect(Collectors.toSet()));
        JsonNode now = watch.newest();
        longestPauseMs = Math.max(longestPauseMs, nowMs() - advancedMs);
        if (now == null) {
            return;
        }
        view = now;
        long seen = now.path("step").asLong();
        if (seen > step && step >= 0) {
            advancedMs = nowMs();
        }
        step = seen;
    }

    private static long nowMs() {
        return System.nanoTime() / 1_000_000;
    }
}
