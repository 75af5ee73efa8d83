package dev.sampo.parameter.shard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
    void theOrderDoesNotDependOnHowNodesAreListed() {
        List<String> turned = new ArrayList<>(nodes(5));
        java.util.Collections.reverse(turned);
        assertThat(ShardPlacement.order("job-7~1", turned)).isEqualTo(ShardPlacement.order("job-7~1", nodes(5)));
    }
}
