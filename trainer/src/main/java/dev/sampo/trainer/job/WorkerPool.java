package dev.sampo.trainer.job;

import dev.sampo.parameter.shard.RankTree;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The workers a job may use and the ranks dealt to them. A worker whose arithmetic differs from the job's is refused, since
 * its bits would (invariant I1). Pure; {@code W} is the worker's reference.
 */
final class WorkerPool<W extends Comparable<? super W>> {
    /** The kernels of the portable baseline: OpenBLAS computes the same bits with both. */
    private static final Set<String> PORTABLE = Set.of("haswell", "zen");

    private final int ranks;
    private final boolean portable;
    private final boolean x86;
    private final Map<W, Boolean> known = new LinkedHashMap<>();
    private @Nullable String kernel;
    private int generation;
    private List<Deal<W>> deals = List.of();

    /** One worker's ranks [lo, hi). */
    record Deal<W>(W worker, int lo, int hi) {}

    /** @param x86 whether this machine is of that architecture, the only one with a portable baseline of several kernels */
    WorkerPool(int ranks, boolean portable, boolean x86) {
        this.ranks = ranks;
        this.x86 = x86;
        this.portable = portable;
    }

    /** Takes the workers that are there now; gives those that must still describe themselves. */
    List<W> present(Collection<W> workers) {
        known.keySet().retainAll(workers);
        return workers.stream()
                .filter(worker -> !known.containsKey(worker))
                .sorted()
                .toList();
    }

    /** It does not answer: it must describe itself again before it is dealt anything. */
    void suspect(W worker) {
        known.remove(worker);
    }

    /** Accepts or refuses a worker by its kernel; gives the reason of a refusal. */
    Optional<String> described(W worker, String itsKernel, int threads, String fingerprint) {
        String normal = itsKernel.toLowerCase(Locale.ROOT);
        boolean x86Portable = PORTABLE.contains(normal);
        String same = (portable && x86Portable ? "haswell" : normal) + "/" + fingerprint;
        Optional<String> refusal = Optional.empty();
        if (threads != 1) {
            refusal = Optional.of("it computes with " + threads + " BLAS threads a lane; start it with 1");
        } else if (portable && !x86Portable && x86) {
            refusal = Optional.of("its kernel is " + itsKernel
                    + " but the job's numerics are portable; start it with --numerics portable");
        } else if (kernel != null && !kernel.equals(same)) {
            refusal = Optional.of("its kernel is " + same + " but the job began with " + kernel);
        } else {
            kernel = same;
        }
        known.put(worker, refusal.isEmpty());
        return refusal;
    }

    List<W> accepted() {
        return known.entrySet().stream()
                .filter(Map.Entry::getValue)
                .map(Map.Entry::getKey)
                .sorted()
                .toList();
    }

    /**
     * Deals all ranks in equal contiguous shares; a worker without a share is left out. Whoever has ranks is dealt to first and
     * keeps its place among the others, since it is warm and has its batches; who comes takes the place of one that went. A
     * deal that changes nothing keeps its generation.
     */
    List<Deal<W>> deal() {
        List<W> order = inOrder();
        List<Deal<W>> fresh = new ArrayList<>();
        int using = Math.min(order.size(), ranks);
        for (int i = 0; i < using; i++) {
            RankTree.Block share = RankTree.share(ranks, using, i);
            fresh.add(new Deal<>(order.get(i), share.lo(), share.hi()));
        }
        if (!fresh.equals(deals)) {
            generation++;
            deals = List.copyOf(fresh);
        }
        return deals;
    }

    private List<W> inOrder() {
        List<W> newcomers = new ArrayList<>(accepted());
        deals.forEach(deal -> newcomers.remove(deal.worker()));
        List<W> order = new ArrayList<>();
        for (Deal<W> deal : deals) {
            if (known.getOrDefault(deal.worker(), false)) {
                order.add(deal.worker());
            } else if (!newcomers.isEmpty()) {
                order.add(newcomers.remove(0));
            }
        }
        order.addAll(newcomers);
        return order;
    }

    /** All were released: the next deal is a new one. */
    void recall() {
        deals = List.of();
    }

    /** What was dealt last, in this {@link #generation}; some of them may have gone since. */
    List<Deal<W>> dealt() {
        return deals;
    }

    int generation() {
        return generation;
    }
}
