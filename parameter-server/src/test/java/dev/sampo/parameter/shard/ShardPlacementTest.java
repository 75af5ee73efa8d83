package dev.sampo.parameter.shard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShardPlacementTest {
    private static final List<String> SHARDS =
            IntStream.range(0, 3000).mapToObj(i -> "job-7~" + i).toList();

    private static List<String> nodes(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> "pekko://sampo@10.0.0." + i + ":17355")
                .toList();
    }

    @Test
    void shardsAreSpreadEvenly() {
        for (int count : new int[] {2, 3, 7, 10}) {
            Map<String, Integer> hosted = new HashMap<>();
            SHARDS.forEach(shard ->
                    hosted.merge(ShardPlacement.order(shard, nodes(count)).get(0), 1, Integer::sum));
            double fair = (double) SHARDS.size() / count;
            assertThat(hosted).hasSize(count);
            // Five standard deviations of a fair deal.
            assertThat(hosted.values())
                    .allSatisfy(each -> assertThat(Math.abs(each - fair)).isLessThan(5 * Math.sqrt(fair)));
        }
    }

    @Test
    void aNodeThatLeavesMovesOnlyItsOwnShardsToTheirHeirs() {
        List<String> before = nodes(6);
        List<String> after = new ArrayList<>(before);
        String gone = after.remove(2);
        for (String shard : SHARDS) {
            List<String> order = ShardPlacement.order(shard, before);
            String expected = order.get(0).equals(gone) ? order.get(1) : order.get(0);
            assertThat(ShardPlacement.order(shard, after).get(0)).isEqualTo(expected);
        }
    }

    @Test
    void noShardMovesToANodeThatLeaves() {
        List<String> nodes = nodes(3);
        String leaves = nodes.get(2);
        Set<String> stay = Set.of(nodes.get(0), nodes.get(1));
        // As it was before the third node joined, and so right when it leaves.
        Map<String, List<String>> hosted = SHARDS.stream()
                .collect(Collectors.groupingBy(shard ->
                        ShardPlacement.order(shard, nodes.subList(0, 2)).get(0)));
        hosted.put(leaves, List.of());

        assertThat(ShardPlacement.misplaced(hosted, stay)).isEmpty();
        assertThat(ShardPlacement.misplaced(hosted, Set.copyOf(nodes)))
                .hasSizeBetween(900, 1100)
                .allSatisfy(shard ->
                        assertThat(ShardPlacement.order(shard, nodes).get(0)).isEqualTo(leaves));
    }

    @Test
    void theShardsOfANodeThatLeavesAreItsOwnToHandOver() {
        List<String> nodes = nodes(2);
        Map<String, List<String>> hosted = Map.of(nodes.get(0), List.of(), nodes.get(1), SHARDS);
        assertThat(ShardPlacement.misplaced(hosted, Set.of(nodes.get(0)))).isEmpty();
    }

    @Test
    void aShardGoesToItsHeirWhenItsNodeLeaves() {
        List<String> nodes = nodes(4);
        for (String shard : SHARDS) {
            String host = ShardPlacement.order(shard, nodes).get(0);
            List<String> stay =
                    nodes.stream().filter(node -> !node.equals(host)).toList();
            assertThat(ShardPlacement.first(shard, nodes, Set.copyOf(stay)))
                    .isEqualTo(ShardPlacement.heir(shard, nodes, host).orElseThrow());
            // Better a node that nobody reaches now than none.
            assertThat(ShardPlacement.first(shard, nodes, Set.of())).isEqualTo(host);
        }
    }

    @Test
    void theOrderDoesNotDependOnHowNodesAreListed() {
        List<String> turned = new ArrayList<>(nodes(5));
        java.util.Collections.reverse(turned);
        assertThat(ShardPlacement.order("job-7~1", turned)).isEqualTo(ShardPlacement.order("job-7~1", nodes(5)));
    }
}
