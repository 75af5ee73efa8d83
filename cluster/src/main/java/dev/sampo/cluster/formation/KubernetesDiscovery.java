package dev.sampo.cluster.formation;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.discovery.Lookup;
import org.apache.pekko.discovery.ServiceDiscovery;
import org.apache.pekko.discovery.kubernetes.KubernetesApiServiceDiscovery;
import org.apache.pekko.discovery.kubernetes.Settings;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.concurrent.Future;
import scala.concurrent.duration.FiniteDuration;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.FutureConverters;

/**
 * Pekko's discovery by the Kubernetes API, asked twice: for the coordinators' pods, which may form a cluster, and for all
 * pods, any of which may know the cluster there is. Beyond Pekko's own it reads a rotated service-account token again, ends
 * a question that hangs, and tells in one line what is wrong and when it is mended. Thread-safe.
 */
public final class KubernetesDiscovery extends ServiceDiscovery {
    private static final Logger LOG = LoggerFactory.getLogger(KubernetesDiscovery.class);
    private static final String PEKKO = "pekko.discovery.kubernetes-api";

    private final ExtendedActorSystem system;
    private final Config settings;
    private final Path serviceAccount;
    private @Nullable Questions questions;
    private byte[] credentials = {};
    private String trouble = "";
    private volatile Set<ResolvedTarget> coordinators = Set.of();

    /** Both questions, with the credentials of one time. */
    private record Questions(KubernetesApiServiceDiscovery coordinators, KubernetesApiServiceDiscovery all) {}

    /** What Pekko makes one with. */
    public KubernetesDiscovery(ExtendedActorSystem system) {
        this.system = system;
        settings = system.settings().config().getConfig("sampo.formation.kubernetes");
        serviceAccount = Path.of(settings.getString("service-account"));
    }

    /** The coordinators' pods of the newest answer. */
    Set<ResolvedTarget> coordinators() {
        return coordinators;
    }

    @Override
    public Future<Resolved> lookup(Lookup query, FiniteDuration within) {
        CompletionStage<Resolved> answer;
        try {
            Questions current = questions();
            CompletionStage<Resolved> seeds = FutureConverters.asJava(current.coordinators.lookup(query, within));
            CompletionStage<Resolved> all = FutureConverters.asJava(current.all.lookup(query, within));
            answer = seeds.thenCombine(all, this::both)
                    .toCompletableFuture()
                    .orTimeout(within.toMillis(), TimeUnit.MILLISECONDS);
        } catch (IOException | RuntimeException e) {
            answer = CompletableFuture.failedFuture(e);
        }
        return FutureConverters.asScala(answer.whenComplete((found, failure) -> tell(failure, within)));
    }

    private Resolved both(Resolved seeds, Resolved all) {
        coordinators = Set.copyOf(seeds.getAddresses());
        Set<ResolvedTarget> everyone = new LinkedHashSet<>(seeds.getAddresses());
        everyone.addAll(all.getAddresses());
        return new Resolved(
                seeds.serviceName(),
                CollectionConverters.asScala(List.copyOf(everyone)).toSeq());
    }

    /** Pekko's reads the token once, but Kubernetes rotates it. */
    private synchronized Questions questions() throws IOException {
        byte[] now = read("token");
        byte[] ca = read("ca.crt");
        byte[] both = Arrays.copyOf(now, now.length + ca.length);
        System.arraycopy(ca, 0, both, now.length, ca.length);
        Questions current = questions;
        if (current == null || !Arrays.equals(both, credentials)) {
            current = new Questions(
                    question(settings.getString("pod-label-selector")),
                    question(settings.getString("member-label-selector")));
            questions = current;
            credentials = both;
        }
        return current;
    }

    private KubernetesApiServiceDiscovery question(String selector) {
        Config config = system.settings()
                .config()
                .getConfig(PEKKO)
                .withValue("pod-label-selector", ConfigValueFactory.fromAnyRef(selector));
        return new KubernetesApiServiceDiscovery(new Settings(config), system);
    }

    private byte[] read(String file) throws IOException {
        return Files.readAllBytes(serviceAccount.resolve(file));
    }

    private synchronized void tell(@Nullable Throwable failure, FiniteDuration within) {
        String now = failure == null ? "" : ApiTrouble.describe(failure, within.toMillis());
        if (now.equals(trouble)) {
            return;
        }
        trouble = now;
        if (failure == null) {
            LOG.info("the Kubernetes API tells the pods again");
        } else {
            LOG.warn("the Kubernetes API does not tell the pods: {}; asking on", now);
        }
    }
}
