package dev.sampo.cluster.health;

import com.typesafe.config.Config;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.actor.Address;
import org.apache.pekko.event.EventStream;
import org.apache.pekko.remote.PhiAccrualFailureDetector;

/**
 * The phi accrual failure detector (Hayashibara et al.: "The phi Accrual Failure Detector", 2004) that needs no time to
 * suspect a node whose process {@link Lifelines} know to be dead. Only an unreachable member can be removed, so a verdict
 * without this would still wait for heartbeats to stay out. Thread-safe.
 */
public final class LifelineDetector extends PhiAccrualFailureDetector {
    /** Addresses of dead processes that are still members, of all actor systems in this JVM. */
    private static final Set<String> DEAD = ConcurrentHashMap.newKeySet();

    private volatile String observed = "";

    /** What Pekko makes one with, for each node that is observed. */
    public LifelineDetector(Config config, EventStream events) {
        super(config, events);
    }

    static void dead(Address node) {
        DEAD.add(node.toString());
    }

    /** It is no member any longer; a new process may come up at its address. */
    static void forget(Address node) {
        DEAD.remove(node.toString());
    }

    @Override
    public void setAddress(String address) {
        observed = address;
        super.setAddress(address);
    }

    @Override
    public boolean isAvailable() {
        return !DEAD.contains(observed) && super.isAvailable();
    }
}
