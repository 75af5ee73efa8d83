package dev.sampo.parameter.shard;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
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
