package dev.sampo.node.management;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Whom a Deployment that is scaled down loses first: idle workers, then busy ones, and the job manager's node last. */
class PodDeletionCostTest {
    @Test
    void theOrderIsThatOfTheHarm() {
        int idle = PodDeletionCost.cost(0, false, false);
        int busy = PodDeletionCost.cost(64, false, false);
        int standby = PodDeletionCost.cost(0, true, false);
        int manager = PodDeletionCost.cost(0, true, true);
        assertThat(new int[] {idle, busy, standby, manager}).isSorted().doesNotHaveDuplicates();
    }
}
