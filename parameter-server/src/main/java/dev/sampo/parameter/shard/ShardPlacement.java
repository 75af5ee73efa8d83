package dev.sampo.parameter.shard;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * Rendezvous hashing (Thaler, Ravishankar: "A Name-Based Mapping Scheme for Rendezvous", 1996): every node computes the
 * same order of nodes for a shard, and a node that leaves moves only its own shards, each to its second choice.
 */
public final class ShardPlacement {
    private ShardPlacement() {}

    /** The nodes in order of preference for the shard; the first hosts it, the second is its heir. */
    public static List<String> order(String shard, List<String> nodes) {
        return nodes.stream()
                .sorted(Comparator.<String>comparingLong(node -> weight(shard, node))
                        .reversed()
                        .thenComparing(Comparator.naturalOrder()))
                .toList();
    }

    /** The node that shall have the shard next, and so its replica: the first choice but for the one that has it. */
    public static Optional<String> heir(String shard, Collection<String> nodes, String self) {
        return order(shard, nodes.stream().filter(node -> !node.equals(self)).toList()).stream()
                .findFirst();
    }

    /**
     * The node for a shard that has none.
     *
     * @param nodes those that can host shards, at least one
     * @param present those that are up and reachable; a node that is not is taken only where no other is left
     */
    static String first(String shard, Collection<String> nodes, Set<String> present) {
        List<String> stay = nodes.stream().filter(present::contains).toList();
        return order(shard, stay.isEmpty() ? List.copyOf(nodes) : stay).get(0);
    }

    /**
     * The shards that belong on another node than theirs. None moves to a node that leaves: that one's state would go to
     * its heir, and the shard be looked for elsewhere. The shards of a node that leaves are its own to hand over.
     *
     * @param hosted every node that can host shards, with those that it has
     * @param present the nodes that are up and reachable
     */
    static Set<String> misplaced(Map<String, ? extends Collection<String>> hosted, Set<String> present) {
        Set<String> misplaced = new HashSet<>();
        hosted.forEach((node, shards) -> {
            if (present.contains(node)) {
                shards.stream()
                        .filter(shard -> !first(shard, hosted.keySet(), present).equals(node))
                        .forEach(misplaced::add);
            }
        });
        return misplaced;
    }

    private static long weight(String shard, String node) {
        CRC32C crc = new CRC32C();
        crc.update((shard + "@" + node).getBytes(StandardCharsets.UTF_8));
        // CRC is linear; a finalizer (Stafford's Mix13) breaks up its structure.
        long z = crc.getValue() * 0x9E3779B97F4A7C15L;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return (z ^ z >>> 31) >>> 1;
    }
}
