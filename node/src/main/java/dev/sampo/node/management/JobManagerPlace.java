package dev.sampo.node.management;

import dev.sampo.cluster.Role;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;

/** Where the job manager is: singletons are on the oldest member of their role. */
final class JobManagerPlace {
    private JobManagerPlace() {}

    static boolean isHere(Cluster cluster) {
        Member self = cluster.selfMember();
        if (!self.hasRole(Role.COORDINATOR.text()) || !self.status().equals(MemberStatus.up())) {
            return false;
        }
        for (Member other : cluster.state().getMembers()) {
            if (other.hasRole(Role.COORDINATOR.text()) && other.isOlderThan(self)) {
                return false;
            }
        }
        return true;
    }
}
