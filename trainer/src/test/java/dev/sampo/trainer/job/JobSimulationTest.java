package dev.sampo.trainer.job;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.cluster.JobId;
import dev.sampo.parameter.compression.Compression;
import dev.sampo.parameter.optimizer.OptimizerSpec;
import dev.sampo.parameter.shard.Checkpoints.Manifest;
import dev.sampo.parameter.shard.Consistency;
import dev.sampo.parameter.shard.PartialSum;
import dev.sampo.parameter.shard.RankTree;
import dev.sampo.parameter.shard.RankTree.Block;
import dev.sampo.parameter.shard.ShardPlan;
import dev.sampo.parameter.shard.ShardSnapshot;
import dev.sampo.parameter.shard.ShardState;
import dev.sampo.trainer.worker.Backup;
import dev.sampo.trainer.worker.StepProtocol;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A whole job on one virtual clock: its coordinator's deals, ledger and recovery, its workers' steps and substitutes, its
 * shards and their checkpoints, over a network that loses, repeats, delays and reorders everything. Workers come, go, die and
 * freeze; shards lose their state, so that all go back to the newest whole checkpoint. The values are those of one worker and a
 * perfect network, and every row counts once an epoch.
 */
class JobSimulationTest {
    private static final int SHARDS = 3;
    private static final int LENGTH = 4;
    private static final int RANKS = 5;
    private static final int STEPS = 4;
    private static final int EPOCHS = 5;

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

    private static ShardPlan plan(int shard) {
        return new ShardPlan(
                new JobId("j-1"),
                shard,
                shard * LENGTH,
                LENGTH,
                List.of(),
                RANKS,
                STEPS,
                STEPS * EPOCHS,
                OptimizerSpec.of("adam"),
                null,
                null,
                null,
                null,
                0,
                0,
                Consistency.SYNCHRONOUS,
                Compression.NONE);
    }

    /** The network and the clock. */
    private static final class World {
        private record Event(long at, long order, Runnable action) {}

        private final Random random;
        private final boolean perfect;
        private final PriorityQueue<Event> events =
                new PriorityQueue<>((a, b) -> a.at != b.at ? Long.compare(a.at, b.at) : Long.compare(a.order, b.order));
        private final List<Shard> shards = new ArrayList<>();
        private final Map<Integer, Worker> workers = new TreeMap<>();
        private final Coordinator coordinator;
        private long now;
        private long order;
        private int born;

        World(Random random, boolean perfect, int workers) {
            this.random = random;
            this.perfect = perfect;
            for (int shard = 0; shard < SHARDS; shard++) {
                shards.add(new Shard(this, shard));
            }
            coordinator = new Coordinator(this);
            for (int i = 0; i < workers; i++) {
                join();
            }
        }

        void join() {
            int name = ++born;
            workers.put(name, new Worker(this, name));
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

        void run() {
            for (int i = 0; i < 500_000; i++) {
                if (coordinator.epoch == EPOCHS) {
                    return;
                }
                Event next = events.remove();
                now = next.at;
                next.action.run();
            }
            throw new AssertionError("not done after " + now + " virtual ms: " + coordinator);
        }
    }

    /** What a ps node does with a {@link ShardState}. */
    private static final class Shard {
        private final World world;
        private final int index;
        private final Set<Worker> waiting = new LinkedHashSet<>();
        private @Nullable ShardState state;
        private int incarnation = -1;

        Shard(World world, int index) {
            this.world = world;
            this.index = index;
        }

        void start(int ofIncarnation, byte[] snapshot) {
            if (ofIncarnation > incarnation) {
                incarnation = ofIncarnation;
                state = new ShardState(plan(index), ShardSnapshot.fromBytes(snapshot));
                waiting.clear();
            }
            if (ofIncarnation == incarnation && state != null) {
                world.send(() -> world.coordinator.started(ofIncarnation, index));
            }
        }

        /** Its node is gone, and with it all that it knew. */
        void lose() {
            state = null;
            incarnation = -1;
            waiting.clear();
        }

        private boolean refuses(int ofIncarnation) {
            if (state == null || ofIncarnation > incarnation) {
                world.send(() -> world.coordinator.lost(ofIncarnation));
                return true;
            }
            return ofIncarnation < incarnation;
        }

        void contribute(Worker worker, int ofIncarnation, long clock, Block block, float[] gradient) {
            if (refuses(ofIncarnation)) {
                return;
            }
            ShardState shard = java.util.Objects.requireNonNull(state);
            int ranks = block.hi() - block.lo();
            switch (shard.contribute(clock, new PartialSum.Plain(block, gradient, 0, ranks, ranks, 0.5 * ranks), 0)) {
                case AHEAD -> throw new AssertionError("a contribution ahead of shard " + index);
                case REPEATED -> {
                    if (clock < shard.clock()) {
                        answer(worker, clock + 1);
                    } else {
                        waiting.add(worker);
                    }
                }
                case WAITING -> waiting.add(worker);
                case COMPLETE -> {
                    waiting.add(worker);
                    try {
                        shard.apply(1f, null);
                    } catch (ShardState.DivergedException e) {
                        throw new AssertionError(e);
                    }
                    waiting.forEach(each -> answer(each, shard.clock()));
                    waiting.clear();
                    if (shard.clock() % STEPS == 0) {
                        save(incarnation);
                    }
                }
            }
        }

        void save(int ofIncarnation) {
            if (state == null || ofIncarnation > incarnation) {
                world.send(() -> world.coordinator.lost(ofIncarnation));
            } else if (ofIncarnation == incarnation && state.clock() % STEPS == 0) {
                ShardSnapshot snapshot = state.snapshot();
                byte[] bytes = snapshot.toBytes();
                world.send(() -> world.coordinator.saved(ofIncarnation, index, snapshot, bytes));
            }
        }

        void pull(Worker worker, int ofIncarnation, long wanted) {
            if (!refuses(ofIncarnation)) {
                answer(worker, wanted);
            }
        }

        /** The values wanted if they are still here, else the newest. */
        private void answer(Worker worker, long wanted) {
            ShardState shard = java.util.Objects.requireNonNull(state);
            long at = shard.hasValuesAt(wanted) ? wanted : shard.clock();
            float[] values = shard.valuesAt(at).clone();
            int of = incarnation;
            world.send(() -> worker.onValues(of, index, at, values));
        }

        void askMissing(Worker worker, int ofIncarnation, long clock) {
            if (state != null && ofIncarnation == incarnation && state.clock() == clock) {
                List<Block> missing = state.missingRanks();
                world.send(() -> worker.onMissing(ofIncarnation, clock, missing));
            }
        }
    }

    /** What the job's coordinator does with its pool, its ledger and the checkpoints. */
    private static final class Coordinator {
        private final World world;
        private final WorkerPool<Integer> pool = new WorkerPool<>(RANKS, true, true);
        private final EpochLedger ledger = new EpochLedger(RANKS, SHARDS);
        private final Map<Long, byte[][]> blobs = new TreeMap<>();
        private final TreeSet<Long> whole = new TreeSet<>();
        private final Set<Integer> started = new TreeSet<>();
        private final Map<Integer, Long> heardMs = new TreeMap<>();
        private int incarnation;
        private int recoveries;
        private int epoch;
        private long from;

        Coordinator(World world) {
            this.world = world;
            byte[][] initial = new byte[SHARDS][];
            for (int shard = 0; shard < SHARDS; shard++) {
                initial[shard] = ShardSnapshot.initial(shard, new float[] {1, -1, 0.5f, shard})
                        .toBytes();
            }
            blobs.put(0L, initial);
            whole.add(0L);
            begin(0);
            tick();
        }

        private void begin(long clock) {
            incarnation++;
            from = clock;
            started.clear();
        }

        /** Retries, and looks who is there. */
        private void tick() {
            for (Shard shard : world.shards) {
                if (!started.contains(shard.index)) {
                    int of = incarnation;
                    byte[] blob = blobs.get(from)[shard.index];
                    world.send(() -> shard.start(of, blob));
                }
            }
            List<Integer> before = pool.accepted();
            // As the receptionist and the stragglers' questions say: whoever was silent for a while is not dealt to.
            Set<Integer> present = new TreeSet<>(world.workers.keySet());
            present.removeIf(worker -> world.now - heardMs.getOrDefault(worker, world.now) > 400);
            pool.present(present);
            if (!pool.accepted().equals(before)) {
                deal();
            } else {
                pool.dealt().forEach(this::assign);
            }
            for (int worker : List.copyOf(world.workers.keySet())) {
                Worker asked = world.workers.get(worker);
                world.send(asked::describe);
            }
            int of = incarnation;
            ledger.notSaved(end())
                    .forEach(shard -> world.send(() -> world.shards.get(shard).save(of)));
            world.after(100, this::tick);
        }

        private long end() {
            return (epoch + 1L) * STEPS;
        }

        void described(int worker) {
            heardMs.put(worker, world.now);
            if (world.workers.containsKey(worker) && !pool.accepted().contains(worker)) {
                pool.described(worker, "haswell", 1, "f");
                deal();
            }
        }

        private boolean ready() {
            return started.size() == SHARDS;
        }

        private void deal() {
            if (ready()) {
                int before = pool.generation();
                List<WorkerPool.Deal<Integer>> deals = pool.deal();
                if (pool.generation() != before) {
                    ledger.forgetRanks();
                }
                deals.forEach(this::assign);
            }
        }

        private void assign(WorkerPool.Deal<Integer> deal) {
            Worker worker = world.workers.get(deal.worker());
            if (worker != null && ready()) {
                int of = incarnation;
                int generation = pool.generation();
                long until = end();
                world.send(() -> worker.assign(of, generation, deal.lo(), deal.hi(), until));
            }
        }

        void started(int of, int shard) {
            if (of == incarnation && started.add(shard) && ready()) {
                deal();
            }
        }

        void lost(int of) {
            if (of == incarnation && ready()) {
                recoveries++;
                long clock = whole.last();
                epoch = (int) (clock / STEPS);
                ledger.rollBack(clock);
                blobs.keySet().removeIf(each -> each > clock);
                begin(clock);
            }
        }

        void saved(int of, int shard, ShardSnapshot snapshot, byte[] bytes) {
            if (of != incarnation) {
                return;
            }
            blobs.computeIfAbsent(snapshot.clock(), clock -> new byte[SHARDS][])[shard] = bytes;
            var part = new EpochLedger.Saved(new Manifest.Entry(shard, "shard-" + shard, ""), snapshot.ledger());
            if (ledger.saved(snapshot.clock(), part).isPresent()) {
                whole.add(snapshot.clock());
            }
            concludeIfDone();
        }

        void finished(int of, int generation, long clock, int lo, int hi) {
            if (of == incarnation && generation == pool.generation() && clock == end()) {
                ledger.ranksFinished(lo, hi);
                concludeIfDone();
            }
        }

        private void concludeIfDone() {
            if (!ledger.allRanksFinished() || !ledger.isSaved(end())) {
                return;
            }
            ShardState.Ledger applied = ledger.agreed(end(), true);
            assertThat(applied).as("shards agree").isNotNull();
            assertThat(applied.rowsApplied()).isEqualTo((long) RANKS * end());
            epoch++;
            ledger.forgetRanks();
            pool.dealt().forEach(this::assign);
        }

        @Override
        public String toString() {
            return "epoch " + epoch + " incarnation " + incarnation + " started " + started + " dealt " + pool.dealt()
                    + " workers " + world.workers;
        }
    }

    /** What a worker does with its {@link StepProtocol} and {@link Backup}: everything is sent again until it is answered. */
    private static final class Worker {
        private final World world;
        private final int name;
        private final float[][] held = new float[SHARDS][];
        private float[][] computing = new float[SHARDS][];
        private StepProtocol protocol = new StepProtocol(SHARDS, 0);
        private Backup backup = new Backup(RANKS, 0, 0);
        private int incarnation = -1;
        private int generation = -1;
        private Block ranks = new Block(0, 0);
        private boolean dead;
        private long frozenUntil;

        Worker(World world, int name) {
            this.world = world;
            this.name = name;
            tick();
        }

        private boolean isAway() {
            return dead || world.now < frozenUntil;
        }

        private void tick() {
            world.after(40, () -> {
                if (!dead) {
                    if (!isAway() && incarnation >= 0) {
                        if (protocol.phase() == StepProtocol.Phase.JOINING && world.random.nextInt(5) == 0) {
                            protocol.rejoin();
                        }
                        act();
                    }
                    tick();
                }
            });
        }

        void describe() {
            if (!isAway()) {
                world.send(() -> world.coordinator.described(name));
            }
        }

        void assign(int of, int ofGeneration, int lo, int hi, long until) {
            if (isAway() || of < incarnation || of == incarnation && ofGeneration < generation) {
                return;
            }
            if (of > incarnation) {
                protocol = new StepProtocol(SHARDS, until);
                generation = -1;
            }
            incarnation = of;
            if (ofGeneration > generation) {
                generation = ofGeneration;
                ranks = new Block(lo, hi);
                backup = new Backup(RANKS, lo, hi);
                protocol.recompute();
            } else {
                assertThat(new Block(lo, hi)).as("one generation, one deal").isEqualTo(ranks);
            }
            protocol.extend(until);
            act();
        }

        void onValues(int of, int shard, long at, float[] values) {
            if (isAway() || of != incarnation) {
                return;
            }
            if (protocol.onValues(shard, at)) {
                held[shard] = values;
            }
            advance();
        }

        private void advance() {
            if (protocol.advance()) {
                computing = held.clone();
                backup.advancedTo(protocol.clock());
                act();
            }
        }

        void onMissing(int of, long clock, List<Block> missing) {
            if (!isAway()
                    && of == incarnation
                    && clock == protocol.clock()
                    && protocol.phase() == StepProtocol.Phase.EXCHANGING) {
                backup.onMissing(missing, clock);
            }
        }

        private void act() {
            switch (protocol.phase()) {
                case JOINING -> {
                    protocol.missing().forEach(shard -> pull(shard, -1));
                    protocol.outdated().forEach(shard -> pull(shard, -1));
                    protocol.apart().forEach(shard -> pull(shard, protocol.oldest()));
                }
                case COMPUTING -> {
                    protocol.sent();
                    for (int shard = 0; shard < SHARDS; shard++) {
                        contribute(shard);
                    }
                    advance();
                }
                case EXCHANGING -> {
                    protocol.missing().forEach(this::contribute);
                    int of = incarnation;
                    long clock = protocol.clock();
                    protocol.missing().stream()
                            .findFirst()
                            .ifPresent(shard ->
                                    world.send(() -> world.shards.get(shard).askMissing(this, of, clock)));
                }
                case STOPPED -> {
                    int of = incarnation;
                    int in = generation;
                    long clock = protocol.clock();
                    Block own = ranks;
                    world.send(() -> world.coordinator.finished(of, in, clock, own.lo(), own.hi()));
                }
            }
        }

        private void pull(int shard, long wanted) {
            int of = incarnation;
            world.send(() -> world.shards.get(shard).pull(this, of, wanted));
        }

        private void contribute(int shard) {
            long clock = protocol.clock();
            int of = incarnation;
            List<Block> blocks = new ArrayList<>(RankTree.blocks(ranks.lo(), ranks.hi(), RANKS));
            backup.adopted().forEach(range -> blocks.addAll(RankTree.blocks(range.lo(), range.hi(), RANKS)));
            for (Block block : blocks) {
                float[] sum = sum(
                        computing, clock, block.lo(), RankTree.rootSize(block.hi() - block.lo()), block.hi(), shard);
                world.send(() -> world.shards.get(shard).contribute(this, of, clock, block, sum));
            }
        }

        @Override
        public String toString() {
            return protocol.phase() + " at " + protocol.clock() + " ranks " + ranks + " incarnation " + incarnation
                    + (dead ? " dead" : "");
        }
    }

    private static void disturb(World world, Random random) {
        for (int i = random.nextInt(8); i > 0; i--) {
            world.after(random.nextInt(4_000), () -> {
                List<Integer> names = List.copyOf(world.workers.keySet());
                Worker victim = world.workers.get(names.get(random.nextInt(names.size())));
                switch (random.nextInt(5)) {
                    case 0 -> world.join();
                    case 1 -> victim.frozenUntil = world.now + random.nextInt(2_000);
                    case 2 -> world.shards.get(random.nextInt(SHARDS)).lose();
                    default -> {
                        // It dies, or everyone only believes so and it lives on as a zombie.
                        victim.dead = random.nextBoolean();
                        world.workers.remove(victim.name);
                        world.join();
                    }
                }
            });
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void whateverHappensTheBitsAreTheSame(long seed) {
        World clean = new World(new Random(0), true, 1);
        clean.run();

        Random random = new Random(seed);
        World bad = new World(random, false, 1 + random.nextInt(4));
        disturb(bad, random);
        bad.run();

        long end = (long) STEPS * EPOCHS;
        for (int shard = 0; shard < SHARDS; shard++) {
            assertThat(bad.coordinator.blobs.get(end)[shard])
                    .as("checkpoint of shard %d", shard)
                    .isEqualTo(clean.coordinator.blobs.get(end)[shard]);
        }
        assertThat(clean.coordinator.recoveries).isZero();
    }
}
