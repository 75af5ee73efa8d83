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
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The step protocol and the shards' state on one virtual clock, over a network that loses, repeats, delays and reorders,
 * with workers that die and come back, live on as zombies, or are gone for good with others as their substitutes: the values
 * are those of one worker and a perfect network.
 */
class StepSimulationTest {
    private static final int SHARDS = 3;
    private static final int LENGTH = 4;
    private static final int RANKS = 5;
    private static final int STEPS = 12;

    static long[] seeds() {
        Long one = Long.getLong("seed");
        return one == null ? LongStream.range(0, 200).toArray() : new long[] {one};
    }

    /** A rank's gradient: any function of values, clock and rank that rounds, so that order shows in the bits. */
    private static float[] gradient(float[][] values, long clock, int rank, int shard) {
        float[] gradient = new float[LENGTH];
        for (int i = 0; i < LENGTH; i++) {
            float other = values[(shard + 1) % SHARDS][i];
            gradient[i] = (values[shard][i] + 0.3f * other - 0.01f * rank) * (1 + 0.1f * (clock % 3)) + 1f / (rank + 7);
        }
        return gradient;
    }

    private static float[] sum(float[][] values, long clock, int lo, int size, int hi, int shard) {
        if (size == 1) {
            return gradient(values, clock, lo, shard);
        }
        float[] left = sum(values, clock, lo, size / 2, hi, shard);
        if (lo + size / 2 < hi) {
            float[] right = sum(values, clock, lo + size / 2, size / 2, hi, shard);
            for (int i = 0; i < LENGTH; i++) {
                left[i] += right[i];
            }
        }
        return left;
    }

    private static final class Simulation {
        private record Event(long at, long order, Runnable action) {}

        private final Random random;
        private final boolean perfect;
        private final PriorityQueue<Event> events =
                new PriorityQueue<>((a, b) -> a.at != b.at ? Long.compare(a.at, b.at) : Long.compare(a.order, b.order));
        private final List<ShardState> shards = new ArrayList<>();
        private final List<Set<SimulatedWorker>> waiting = new ArrayList<>();
        private final long[] rowsSeen = new long[SHARDS];
        private long now;
        private long order;

        Simulation(Random random, boolean perfect) {
            this.random = random;
            this.perfect = perfect;
            for (int shard = 0; shard < SHARDS; shard++) {
                ShardPlan plan = new ShardPlan(
                        new JobId("j-1"),
                        shard,
                        shard * LENGTH,
                        LENGTH,
                        List.of(),
                        RANKS,
                        4,
                        STEPS,
                        OptimizerSpec.of("adam"),
                        null,
                        null,
                        null,
                        null,
                        0,
                        0,
                        Consistency.SYNCHRONOUS,
                        Compression.NONE);
                shards.add(new ShardState(plan, ShardSnapshot.initial(shard, new float[] {1, -1, 0.5f, shard})));
                waiting.add(new LinkedHashSet<>());
            }
        }

        void after(long ms, Runnable action) {
            events.add(new Event(now + ms, order++, action));
        }

        /** Loses one send in five, repeats one in five, delays each copy by 1 to 50 ms. */
        void send(Runnable delivery) {
            int copies = perfect
                    ? 1
                    : switch (random.nextInt(5)) {
                        case 0 -> 0;
                        case 1 -> 2;
                        default -> 1;
                    };
            for (int i = 0; i < copies; i++) {
                after(perfect ? 1 : 1 + random.nextInt(50), delivery);
            }
        }

        void contribute(SimulatedWorker worker, int shard, long clock, Block block, float[] gradient) {
            ShardState state = shards.get(shard);
            int ranks = block.hi() - block.lo();
            switch (state.contribute(clock, new PartialSum.Plain(block, gradient, 0, ranks, ranks, 0.5), 0)) {
                case AHEAD -> throw new AssertionError("a contribution ahead of shard " + shard);
                case REPEATED -> {
                    if (clock < state.clock()) {
                        answer(worker, shard, clock + 1);
                    } else {
                        waiting.get(shard).add(worker);
                    }
                }
                case WAITING -> waiting.get(shard).add(worker);
                case COMPLETE -> {
                    waiting.get(shard).add(worker);
                    try {
                        state.apply(1f, null);
                    } catch (ShardState.DivergedException e) {
                        throw new AssertionError(e);
                    }
                    rowsSeen[shard] += RANKS;
                    assertThat(state.ledger().rowsApplied()).isEqualTo(rowsSeen[shard]);
                    waiting.get(shard).forEach(each -> answer(each, shard, state.clock()));
                    waiting.get(shard).clear();
                }
            }
        }

        /** The values wanted if they are still here, else the newest. */
        void answer(SimulatedWorker worker, int shard, long wanted) {
            ShardState state = shards.get(shard);
            long at = state.hasValuesAt(wanted) ? wanted : state.clock();
            float[] values = state.valuesAt(at).clone();
            send(() -> worker.onValues(shard, at, values));
        }

        void run() {
            for (int i = 0; i < 300_000; i++) {
                if (shards.stream().allMatch(shard -> shard.clock() == STEPS)) {
                    return;
                }
                Event next = events.remove();
                now = next.at;
                next.action.run();
                long fastest =
                        shards.stream().mapToLong(ShardState::clock).max().orElse(0);
                long slowest =
                        shards.stream().mapToLong(ShardState::clock).min().orElse(0);
                assertThat(fastest - slowest).as("shards apart").isLessThanOrEqualTo(1);
            }
            throw new AssertionError("not done after " + now + " virtual ms; shards wait for "
                    + shards.stream()
                            .map(shard -> shard.missingRanks() + " at clock " + shard.clock())
                            .toList());
        }
    }

    /** What a worker does with its {@link StepProtocol}: everything is sent again until it is answered. */
    private static final class SimulatedWorker {
        private final Simulation simulation;
        private final Block ranks;
        private final StepProtocol protocol = new StepProtocol(SHARDS, STEPS);
        private final float[][] held = new float[SHARDS][];
        private float[][] computing = new float[SHARDS][];
        private final Backup backup;
        private boolean dead;

        SimulatedWorker(Simulation simulation, Block ranks) {
            this.simulation = simulation;
            this.ranks = ranks;
            backup = new Backup(RANKS, ranks.lo(), ranks.hi());
            act();
            tick();
        }

        /** Retries. */
        private void tick() {
            simulation.after(40, () -> {
                if (!dead) {
                    act();
                    tick();
                }
            });
        }

        void onValues(int shard, long at, float[] values) {
            if (dead) {
                return;
            }
            if (protocol.onValues(shard, at)) {
                held[shard] = values;
            }
            if (protocol.advance()) {
                computing = held.clone();
                backup.advancedTo(protocol.clock());
                act();
            }
        }

        private void askMissing(int shard) {
            long clock = protocol.clock();
            simulation.send(() -> {
                ShardState state = simulation.shards.get(shard);
                if (state.clock() == clock) {
                    List<Block> missing = state.missingRanks();
                    simulation.send(() -> onMissing(clock, missing));
                }
            });
        }

        private void onMissing(long clock, List<Block> missing) {
            if (!dead && clock == protocol.clock() && protocol.phase() == StepProtocol.Phase.EXCHANGING) {
                backup.onMissing(missing, clock);
            }
        }

        private void act() {
            switch (protocol.phase()) {
                case JOINING -> {
                    for (int shard : protocol.missing()) {
                        pull(shard, -1);
                    }
                    for (int shard : protocol.apart()) {
                        pull(shard, protocol.oldest());
                    }
                }
                case COMPUTING -> {
                    protocol.sent();
                    for (int shard = 0; shard < SHARDS; shard++) {
                        contribute(shard);
                    }
                    if (protocol.advance()) {
                        computing = held.clone();
                        act();
                    }
                }
                case EXCHANGING -> {
                    protocol.missing().forEach(this::contribute);
                    protocol.missing().stream().findFirst().ifPresent(this::askMissing);
                }
                case STOPPED -> {}
            }
        }

        private void pull(int shard, long wanted) {
            simulation.send(() -> simulation.answer(this, shard, wanted));
        }

        private void contribute(int shard) {
            long clock = protocol.clock();
            List<Block> blocks = new ArrayList<>(RankTree.blocks(ranks.lo(), ranks.hi(), RANKS));
            backup.adopted().forEach(range -> blocks.addAll(RankTree.blocks(range.lo(), range.hi(), RANKS)));
            for (Block block : blocks) {
                float[] sum = sum(
                        computing, clock, block.lo(), RankTree.rootSize(block.hi() - block.lo()), block.hi(), shard);
                simulation.send(() -> simulation.contribute(this, shard, clock, block, sum));
            }
        }
    }

    private static List<float[]> values(Simulation simulation) {
        return simulation.shards.stream().map(ShardState::values).toList();
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void aBadNetworkAndDyingWorkersDoNotChangeABit(long seed) {
        Simulation clean = new Simulation(new Random(0), true);
        new SimulatedWorker(clean, new Block(0, RANKS));
        clean.run();

        Random random = new Random(seed);
        Simulation bad = new Simulation(random, false);
        int workers = 1 + random.nextInt(RANKS);
        List<SimulatedWorker> alive = new ArrayList<>();
        for (int i = 0; i < workers; i++) {
            alive.add(new SimulatedWorker(bad, RankTree.share(RANKS, workers, i)));
        }
        for (int i = random.nextInt(6); i > 0; i--) {
            bad.after(random.nextInt(1500), () -> {
                int victim = random.nextInt(workers);
                SimulatedWorker old = alive.get(victim);
                // Either it dies, or everyone only believes so and it lives on as a zombie.
                old.dead = random.nextBoolean();
                alive.set(victim, new SimulatedWorker(bad, old.ranks));
            });
        }
        if (random.nextBoolean() && workers > 1) {
            // Nobody takes its place; the others must do without.
            bad.after(random.nextInt(1500), () -> alive.get(0).dead = true);
        }
        bad.run();
        for (int shard = 0; shard < SHARDS; shard++) {
            assertThat(values(bad).get(shard))
                    .as("shard %d", shard)
                    .isEqualTo(values(clean).get(shard));
        }
    }
}
