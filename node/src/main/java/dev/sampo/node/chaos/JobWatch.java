package dev.sampo.node.chaos;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sampo.cluster.api.ApiRequest;
import dev.sampo.cluster.api.ApiResponse;
import dev.sampo.node.client.JobClient;
import dev.sampo.node.client.UnreachableException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The newest status of a job, asked of every node at once, each by a thread of its own: a node that waits for a coordinator
 * must not keep the others from telling. Thread-safe.
 */
final class JobWatch implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long LOOK_EVERY_MS = 20;

    private final String job;
    private final Map<String, Thread> asking = new HashMap<>();
    private volatile @Nullable JsonNode newest;

    JobWatch(String job) {
        this.job = job;
    }

    /** Asks these nodes from now on, and no others. */
    synchronized void ask(Set<String> nodes) {
        asking.entrySet().removeIf(each -> {
            boolean gone = !nodes.contains(each.getKey());
            if (gone) {
                each.getValue().interrupt();
            }
            return gone;
        });
        for (String node : nodes) {
            asking.computeIfAbsent(node, each -> {
                Thread thread = new Thread(() -> follow(each), "watch-" + each);
                thread.setDaemon(true);
                thread.start();
                return thread;
            });
        }
    }

    /** The newest that any node told; null before the first. */
    @Nullable JsonNode newest() {
        return newest;
    }

    private void follow(String node) {
        try (JobClient client = JobClient.to(node)) {
            while (!Thread.currentThread().isInterrupted()) {
                try {
                    ApiResponse response = client.call(new ApiRequest(
                            "status", JSON.createObjectNode().put("job", job).toString()));
                    if (response.status() == 200) {
                        newest = JSON.readTree(response.body());
                    }
                } catch (UnreachableException | JsonProcessingException e) {
                    // It is being killed, perhaps; the others go on telling.
                }
                Thread.sleep(LOOK_EVERY_MS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public synchronized void close() {
        asking.values().forEach(Thread::interrupt);
        asking.clear();
    }
}
