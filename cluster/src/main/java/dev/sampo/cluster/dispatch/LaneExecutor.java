package dev.sampo.cluster.dispatch;

import com.typesafe.config.Config;
import java.util.concurrent.ThreadFactory;
import org.apache.pekko.dispatch.DispatcherPrerequisites;
import org.apache.pekko.dispatch.ExecutorServiceConfigurator;
import org.apache.pekko.dispatch.ExecutorServiceFactory;
import org.apache.pekko.dispatch.MonitorableThreadFactory;

/**
 * Makes a dispatcher's executor a {@link LanePool}: what {@code executor} names in the configuration of one whose actors compute.
 * {@code lanes} are the most threads it has, by default one for each core of the node and two at least; {@code lookout} is how
 * long an idle one looks out for a message before it sleeps.
 */
public final class LaneExecutor extends ExecutorServiceConfigurator {
    private final int lanes;
    private final long lookoutNanos;

    /** @param config of the dispatcher */
    public LaneExecutor(Config config, DispatcherPrerequisites prerequisites) {
        super(config, prerequisites);
        int given = config.getInt("lanes");
        if (given < 0) {
            throw new IllegalArgumentException("lanes: " + given + " threads can't compute; 0 is one for each core");
        }
        lanes = given == 0 ? Math.max(2, Runtime.getRuntime().availableProcessors()) : given;
        lookoutNanos = config.getDuration("lookout").toNanos();
    }

    @Override
    public ExecutorServiceFactory createExecutorServiceFactory(String id, ThreadFactory threadFactory) {
        ThreadFactory named = threadFactory instanceof MonitorableThreadFactory pekko
                ? pekko.withName(pekko.name() + "-" + id)
                : threadFactory;
        return () -> new LanePool(lanes, lookoutNanos, named);
    }
}
