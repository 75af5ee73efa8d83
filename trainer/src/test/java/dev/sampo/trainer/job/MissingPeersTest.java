package dev.sampo.trainer.job;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.cluster.Role;
import dev.sampo.trainer.job.MissingPeers.AllThere;
import dev.sampo.trainer.job.MissingPeers.GivenUp;
import dev.sampo.trainer.job.MissingPeers.Missing;
import dev.sampo.trainer.job.MissingPeers.Seen;
import dev.sampo.trainer.job.MissingPeers.WaitingFor;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MissingPeersTest {
    private static final Set<String> ALL = Set.of("ingest", "ps", "worker");
    private final MissingPeers peers = new MissingPeers(List.of(Role.INGEST, Role.PS, Role.WORKER), 60_000);

    private static Seen seen(Set<String> roles) {
        return new Seen(roles, true, List.of(), true, List.of(), 0);
    }

    @Test
    void rolesThatNoNodeHasAreNamedWithTheCommandThatMendsIt() {
        assertThat(peers.look(seen(Set.of("ps", "coordinator")), 0))
                .contains(new WaitingFor("a node with role ingest and one with role worker"));
        assertThat(peers.look(seen(Set.of("ps")), 60_000)).as("said once").isEmpty();
        assertThat(peers.look(seen(Set.of("ps")), 60_001))
                .contains(new GivenUp("waited 60 s for a node with role ingest and one with role worker; "
                        + "start one with: sampo node --roles ingest,worker"));
    }

    @Test
    void whoComesInTimeEndsTheWaitAndTheNextOneBeginsAnew() {
        peers.look(seen(Set.of("ps", "ingest")), 0);
        assertThat(peers.look(seen(ALL), 50_000)).contains(new AllThere());
        assertThat(peers.look(seen(ALL), 51_000)).isEmpty();
        assertThat(peers.look(seen(Set.of("ps", "ingest")), 70_000))
                .contains(new WaitingFor("a node with role worker"));
        assertThat(peers.look(seen(Set.of("ps", "ingest")), 130_000)).isEmpty();
        assertThat(peers.look(seen(Set.of("ps", "ingest")), 130_001)).containsInstanceOf(GivenUp.class);
    }

    @Test
    void workersOfOtherNumericsAreNamedWithTheLastReason() {
        Seen refused = new Seen(ALL, false, List.of("w1: old", "w2: its kernel is zen"), true, List.of(), 0);
        assertThat(peers.missing(refused, 0))
                .contains(new Missing(
                        "a worker with the job's numerics",
                        "none of those present has them: w2: its kernel is zen",
                        false));
    }

    @Test
    void silentShardsAndWorkersAreNamedAfterAWhileAndWaitedForWithoutEnd() {
        Seen shards = new Seen(ALL, true, List.of(), false, List.of(2, 3), 1_000);
        assertThat(peers.look(shards, 6_000)).isEmpty();
        assertThat(peers.look(shards, 6_001)).contains(new WaitingFor("parameter shards [2, 3] to start"));
        assertThat(peers.look(shards, 600_000)).isEmpty();
        Seen workers = new Seen(ALL, false, List.of(), true, List.of(), 1_000);
        assertThat(peers.missing(workers, 6_000)).isEmpty();
        assertThat(peers.missing(workers, 6_001))
                .contains(new Missing("a worker that answers", "they are asked again", true));
    }
}
