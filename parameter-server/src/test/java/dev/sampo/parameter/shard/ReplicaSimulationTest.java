package dev.sampo.parameter.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.cluster.JobId;
import dev.sampo.parameter.compression.Compression;
import dev.sampo.parameter.optimizer.OptimizerSpec;
import dev.sampo.parameter.shard.RankTree.Block;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * One shard and its copies on nodes that come, go and die, over links that lose and delay but keep order: whatever was
 * answered is on the heir, bit for bit, and a shard that takes over goes on as if nothing had been.
 */
class ReplicaSimulationTest {
    private static final int LENGTH = 5000;
    private static final int STEPS = 60;

    static long[] seeds() {
        Long one = Long.getLong("seed");
        return one == null ? LongStream.range(0, 200).toArray() : new long[] {one};
    }

    private static ShardPlan plan() {
        return new ShardPlan(
                new JobId("j-1"),
                0,
                0,
                LENGTH,
                List.of(new ShardPlan.Range(100, 4000)),
                2,
                7,
                STEPS,
                OptimizerSpec.of("adam"),
                null,
                null,
                null,
                0.5,
                0,
                1,
                Consistency.SYNCHRONOUS,
                Compression.NONE);
    }

    private static ShardState fresh() {
        return new ShardState(plan(), ShardSnapshot.initial(0, new float[LENGTH]));
    }

    private static float[] gradient(ShardState shard, int rank) {
        float[] gradient = new float[LENGTH];
        for (int i = 0; i < LENGTH; i++) {
            gradient[i] = shard.values()[i] * 0.7f + (float) Math.sin(i * 0.1 + rank + shard.clock());
        }
        return gradient;
    }

    private static ShardState.Step step(ShardState shard, float[] sum) throws Exception {
        for (int rank = 0; rank < 2; rank++) {
            shard.contribute(
                    shard.clock(),
                    new PartialSum.Plain(new Block(rank, rank + 1), gradient(shard, rank), 0, 3, 3, 0.25),
                    0);
        }
        return shard.apply(1f, sum);
    }

    private static boolean part(ReplicaState copy, long clock, int row, float[] floats) {
        copy.part(clock, row, floats);
        return true;
    }

    /** A message on its way to a node; the links keep order, as TCP does, until one is lost with all that follow. */
    private interface Delivery {
        /** False: the copy can't follow. */
        boolean to(ReplicaState copy) throws Exception;
    }

    private final Map<String, ReplicaState> copies = new HashMap<>();
    private final Map<String, Deque<Delivery>> links = new HashMap<>();
    private final Set<String> nodes = new TreeSet<>(List.of("a", "b", "c"));

    private void fill(String node, ShardState shard) {
        ShardSnapshot whole = shard.snapshot();
        ReplicaState copy = new ReplicaState(
                plan(), 1, whole.clock(), whole.clock(), whole.rankClocks(), whole.slots().length, whole.ledger());
        copies.put(node, copy);
        Deque<Delivery> link = new ArrayDeque<>();
        links.put(node, link);
        link.add(to -> part(to, whole.clock(), 0, whole.values()));
        for (int slot = 0; slot < whole.slots().length; slot++) {
            int row = slot + 1;
            link.add(to -> part(to, whole.clock(), row, whole.slots()[row - 1]));
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void whatWasAnsweredIsOnTheHeir(long seed) throws Exception {
        ShardState undisturbed = fresh();
        for (int i = 0; i < STEPS; i++) {
            step(undisturbed, null);
        }
        Random random = new Random(seed);
        String host = "a";
        ShardState shard = fresh();
        Replication replication = new Replication();
        long answered = 0;
        boolean covered = false;
        int takeovers = 0;
        for (long now = 0; answered < STEPS; now += 50) {
            assertThat(now).as("in time").isLessThan(400_000);
            if (shard.clock() < STEPS && shard.clock() == answered) {
                float[] sum = new float[LENGTH];
                long at = shard.clock();
                ShardState.Step step = step(shard, sum);
                for (String node : replication.targets()) {
                    // A node that died is still sent to until that is known.
                    links.getOrDefault(node, new ArrayDeque<>()).add(copy -> copy.step(at, step, sum));
                }
                replication.sent(shard.clock(), now);
            }
            for (String node : List.copyOf(links.keySet())) {
                for (int i = random.nextInt(4); i > 0 && !links.get(node).isEmpty(); i--) {
                    Delivery delivery = links.get(node).remove();
                    if (random.nextInt(60) == 0) {
                        continue;
                    }
                    ReplicaState copy = copies.get(node);
                    if (!delivery.to(copy)) {
                        replication.drop(node);
                    } else if (copy.version() >= 0) {
                        replication.acknowledged(node, copy.version(), now);
                    }
                }
            }
            String self = host;
            Optional<String> heir = ShardPlacement.heir("17", nodes, self);
            ShardState current = shard;
            replication.look(heir, nodes, shard.clock(), now).ifPresent(node -> fill(node, current));
            if (replication.mayAnswer(shard.clock())) {
                answered = shard.clock();
            }
            covered = heir.isPresent() && replication.isAt(heir.get(), shard.clock());
            if (covered && random.nextInt(12) == 0) {
                // The host dies; its heir goes on, and may be a step ahead of what was answered, never behind.
                shard = new ArrayList<>(List.of(copies.get(heir.get()))).get(0).take();
                assertThat(shard).isNotNull();
                assertThat(shard.clock()).isGreaterThanOrEqualTo(answered);
                host = heir.get();
                nodes.remove(self);
                nodes.add("n" + now);
                copies.clear();
                links.clear();
                replication = new Replication();
                answered = shard.clock();
                takeovers++;
            } else if (random.nextInt(20) == 0) {
                // Another node dies or comes.
                List<String> others = new ArrayList<>(nodes);
                others.remove(host);
                if (random.nextBoolean() && others.size() > 1) {
                    String gone = others.get(random.nextInt(others.size()));
                    nodes.remove(gone);
                    links.remove(gone);
                    copies.remove(gone);
                } else if (nodes.size() < 5) {
                    nodes.add("m" + now);
                }
            }
        }
        assertThat(takeovers).as("takeovers").isPositive();
        assertThat(shard.values()).isEqualTo(undisturbed.values());
        assertThat(shard.ledger()).isEqualTo(undisturbed.ledger());
        assertThat(shard.snapshot().slots())
                .isDeepEqualTo(undisturbed.snapshot().slots());
    }
}
