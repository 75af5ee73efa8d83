package dev.sampo.trainer.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.cluster.JobId;
import dev.sampo.parameter.compression.Compression;
import dev.sampo.parameter.optimizer.OptimizerSpec;
import dev.sampo.parameter.shard.Consistency;
import dev.sampo.parameter.shard.PartialSum;
import dev.sampo.parameter.shard.RankTree;
import dev.sampo.parameter.shard.RankTree.Block;
import dev.sampo.parameter.shard.ShardPlan;
import dev.sampo.parameter.shard.ShardSnapshot;
import dev.sampo.parameter.shard.ShardState;
import dev.sampo.parameter.shard.ShardState.Step;
import dev.sampo.parameter.shard.WaitingRanks;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Bounded and unbounded staleness on one virtual clock, over a network that loses, repeats, delays and reorders, with workers
 * that die or live on as zombies and shards that move with their state: each rank's contribution to each clock is applied
 * once by every shard, no rank computes on values staler than the bound, and all come to the end.
 */
class StaleSimulationTest {
    private static final int SHARDS = 3;
    private static final int LENGTH = 4;
    private static final int RANKS = 5;
    private static final int STEPS = 12;

    static long[] seeds() {
        Long one = Long.getLong("seed");
        return one == null ? LongStream.range(0, 200).toArray() : new long[] {one};
    }

    /** What a shard answers; {@code slowest} is what its values hold of all ranks, for the test alone. */
    private record Answer(int shard, int rank, long clock, long version, long slowest) {}

    private static final class Simulation {
        private record Event(long at, long order, Runnable action) {}

        private final Random random;
        private final Consistency consistency;
        private final PriorityQueue<Event> events =
                new PriorityQueue<>((a, b) -> a.at != b.at ? Long.compare(a.at, b.at) : Long.compare(a.order, b.order));
        private final List<ShardState> shards = new ArrayList<>();
        private final List<WaitingRanks<SimulatedWorker>> waiting = new ArrayList<>();
        private final Set<List<Long>> applied = new HashSet<>();
        private final List<SimulatedWorker> alive = new ArrayList<>();
        private long now;
        private long order;
        private long largestLead;

        Simulation(Random random, Consistency consistency) {
            this.random = random;
            this.consistency = consistency;
            for (int shard = 0; shard < SHARDS; shard++) {
                shards.add(new ShardState(plan(shard), ShardSnapshot.initial(shard, new float[] {1, -1, 0.5f, shard})));
                waiting.add(new WaitingRanks<>());
            }
        }

        private ShardPlan plan(int shard) {
            return new ShardPlan(
                    new JobId("j-1"),
                    shard,
                    shard * LENGTH,
                    LENGTH,
                    List.of(),
                    RANKS,
                    4,
                    STEPS,
                    OptimizerSpec.of("adagrad"),
                    null,
                    null,
                    null,
                    null,
                    0,
                    0,
                    consistency,
                    Compression.NONE);
        }

        void after(long ms, Runnable action) {
            events.add(new Event(now + ms, order++, action));
        }

        /** Loses one send in five, repeats one in five, delays each copy by 1 to 50 ms. */
        void send(Runnable delivery) {
            int copies = switch (random.nextInt(5)) {
                case 0 -> 0;
                case 1 -> 2;
                default -> 1;
            };
            for (int i = 0; i < copies; i++) {
                after(1 + random.nextInt(50), delivery);
            }
        }

        void contribute(SimulatedWorker worker, int shard, int rank, long clock, long basis) {
            ShardState state = shards.get(shard);
            float[] gradient = {1, 2, 3, rank};
            switch (state.contribute(
                    clock, new PartialSum.Plain(new Block(rank, rank + 1), gradient, 0, 7, 7, 0.5), basis)) {
                case AHEAD -> throw new AssertionError("a contribution ahead of shard " + shard);
                case WAITING -> throw new AssertionError("nobody waits for other ranks");
                case REPEATED -> waiting.get(shard).add(rank, worker, state.version());
                case COMPLETE -> {
                    assertThat(applied.add(List.of((long) shard, (long) rank, clock)))
                            .as("rank %d clock %d applied once by shard %d", rank, clock, shard)
                            .isTrue();
                    try {
                        assertThat(state.apply(1f, null).rank()).isEqualTo(rank);
                    } catch (ShardState.DivergedException e) {
                        throw new AssertionError(e);
                    }
                    largestLead = Math.max(largestLead, state.clock(rank) - state.clock());
                    waiting.get(shard).add(rank, worker, state.version());
                }
            }
            answer(shard);
        }

        void pull(SimulatedWorker worker, int shard, int rank, long clock) {
            if (rank == Step.ALL_RANKS) {
                waiting.get(shard).addUntil(clock, worker);
            } else {
                waiting.get(shard).add(rank, worker, shards.get(shard).version());
            }
            answer(shard);
        }

        private void answer(int shard) {
            ShardState state = shards.get(shard);
            for (var due : waiting.get(shard).due(state, version -> true)) {
                Answer answer = new Answer(shard, due.rank(), state.clock(due.rank()), state.version(), state.clock());
                send(() -> due.worker().onAnswer(answer));
            }
        }

        /** It goes on elsewhere with its state and nothing else. */
        void move(int shard) {
            byte[] state = shards.get(shard).snapshot().toBytes();
            shards.set(shard, new ShardState(plan(shard), ShardSnapshot.fromBytes(state)));
            waiting.get(shard).clear();
        }

        void run() {
            for (int i = 0; i < 300_000; i++) {
                if (alive.stream().allMatch(worker -> worker.finished)) {
                    return;
                }
                Event next = events.remove();
                now = next.at;
                next.action.run();
            }
            throw new AssertionError("not done after " + now + " virtual ms");
        }
    }

    /** What a worker does with its {@link StaleProtocol}: everything is sent again until it is answered. */
    private static final class SimulatedWorker {
        private final Simulation simulation;
        private final Block ranks;
        private final StaleProtocol protocol = new StaleProtocol(SHARDS, STEPS);
        private final Answer[] latest = new Answer[SHARDS];
        private boolean dead;
        private boolean finished;

        SimulatedWorker(Simulation simulation, Block ranks) {
            this.simulation = simulation;
            this.ranks = ranks;
            protocol.deal(ranks.lo(), ranks.hi());
            sendAllAgain();
            tick();
        }

        private void tick() {
            simulation.after(40, () -> {
                if (!dead) {
                    sendAllAgain();
                    tick();
                }
            });
        }

        void onAnswer(Answer answer) {
            if (dead) {
                return;
            }
            if (answer.rank() == Step.ALL_RANKS) {
                protocol.onSettled(answer.shard(), answer.clock());
            } else {
                protocol.onRank(answer.shard(), answer.rank(), answer.clock());
            }
            Answer known = latest[answer.shard()];
            if (known == null || answer.version() >= known.version()) {
                latest[answer.shard()] = answer;
            }
            for (int rank : protocol.ready()) {
                compute(rank);
            }
            finished |= protocol.isThrough() && protocol.unsettled().isEmpty();
            if (finished) {
                for (Answer each : latest) {
                    assertThat(each.version()).as("the values at the end").isEqualTo((long) RANKS * STEPS);
                }
            }
        }

        private void compute(int rank) {
            long clock = protocol.clock(rank);
            Consistency consistency = simulation.consistency;
            if (consistency.mode() == Consistency.Mode.SSP) {
                for (Answer each : latest) {
                    assertThat(each.slowest())
                            .as("values for clock %d", clock)
                            .isGreaterThanOrEqualTo(clock - consistency.staleness());
                }
            }
            List<Integer> missing = protocol.missing(rank);
            protocol.sent(rank);
            missing.forEach(shard -> contribute(shard, rank));
        }

        private void contribute(int shard, int rank) {
            long clock = protocol.clock(rank);
            long basis = latest[shard].version();
            simulation.send(() -> simulation.contribute(this, shard, rank, clock, basis));
        }

        private void sendAllAgain() {
            for (int rank = ranks.lo(); rank < ranks.hi(); rank++) {
                for (int shard : protocol.missing(rank)) {
                    if (protocol.isSent(rank)) {
                        contribute(shard, rank);
                    } else if (protocol.clock(rank) < 0) {
                        pull(shard, rank, -1);
                    }
                }
            }
            if (protocol.isThrough()) {
                protocol.unsettled().forEach(shard -> pull(shard, Step.ALL_RANKS, STEPS));
            }
        }

        private void pull(int shard, int rank, long clock) {
            simulation.send(() -> simulation.pull(this, shard, rank, clock));
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void everyContributionIsAppliedOnceWithinTheBound(long seed) {
        Random random = new Random(seed);
        int staleness = 1 + random.nextInt(4);
        Consistency consistency = random.nextInt(3) == 0
                ? new Consistency(Consistency.Mode.ASP, 0, true)
                : new Consistency(Consistency.Mode.SSP, staleness, false);
        Simulation simulation = new Simulation(random, consistency);
        int workers = 1 + random.nextInt(RANKS);
        for (int i = 0; i < workers; i++) {
            simulation.alive.add(new SimulatedWorker(simulation, RankTree.share(RANKS, workers, i)));
        }
        for (int i = random.nextInt(6); i > 0; i--) {
            simulation.after(random.nextInt(1500), () -> {
                int victim = random.nextInt(workers);
                SimulatedWorker old = simulation.alive.get(victim);
                // Either it dies, or everyone only believes so and it lives on as a zombie.
                old.dead = random.nextBoolean();
                simulation.alive.set(victim, new SimulatedWorker(simulation, old.ranks));
            });
        }
        for (int i = random.nextInt(6); i > 0; i--) {
            simulation.after(random.nextInt(1500), () -> simulation.move(random.nextInt(SHARDS)));
        }

        simulation.run();

        assertThat(simulation.applied).hasSize(SHARDS * RANKS * STEPS);
        for (ShardState shard : simulation.shards) {
            assertThat(shard.clock()).isEqualTo(STEPS);
            assertThat(shard.ledger().rowsApplied()).isEqualTo(7L * RANKS * STEPS);
            assertThat(shard.ledger().contributions()).isEqualTo((long) RANKS * STEPS);
        }
        if (consistency.mode() == Consistency.Mode.SSP) {
            // A rank whose contribution is applied may be one further than one that computes.
            assertThat(simulation.largestLead).isLessThanOrEqualTo(staleness + 1L);
        }
    }
}
