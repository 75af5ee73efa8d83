package dev.sampo.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigValueFactory;
import dev.sampo.deploy.Manifests.Workload;
import io.fabric8.kubernetes.api.model.Quantity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Times and sizes fit each other. */
@EnabledIf("dev.sampo.deploy.Kustomize#isHere")
class SizingTest {
    private static final Config NODE = ConfigFactory.parseFile(
                    Kustomize.K8S.resolve("base/sampo.conf").toFile(),
                    ConfigParseOptions.defaults().setAllowMissing(false))
            .withFallback(ConfigFactory.parseResources("sampo-cluster.conf"))
            .withFallback(ConfigFactory.defaultReference())
            .withValue("pekko.remote.artery.canonical.hostname", ConfigValueFactory.fromAnyRef("host"))
            .resolve();

    static List<Manifests> all() {
        return Manifests.all();
    }

    @ParameterizedTest
    @MethodSource("all")
    void thePodOutlivesEveryPhaseOfTheShutdown(Manifests manifests) {
        Duration phases = sumOfPhases();
        assertThat(phases).as("phases that were found").isGreaterThan(Duration.ofSeconds(20));
        assertThat(manifests.nodes())
                .allSatisfy(node -> assertThat(Duration.ofSeconds(node.pod().getTerminationGracePeriodSeconds()))
                        .isGreaterThanOrEqualTo(phases.plus(sleep(node))));
    }

    private static Duration sumOfPhases() {
        Config shutdown = NODE.getConfig("pekko.coordinated-shutdown");
        Duration each = shutdown.getDuration("default-phase-timeout");
        Config phases = shutdown.getConfig("phases");
        return phases.root().keySet().stream()
                .map(phases::getConfig)
                .map(phase -> phase.hasPath("timeout") ? phase.getDuration("timeout") : each)
                .reduce(Duration.ZERO, Duration::plus);
    }

    private static Duration sleep(Workload node) {
        var lifecycle = node.container().getLifecycle();
        return lifecycle == null
                ? Duration.ZERO
                : Duration.ofSeconds(Long.parseLong(
                        lifecycle.getPreStop().getExec().getCommand().get(1)));
    }

    @Test
    void theSettingsOfTheConfigMapAreKnownOnes() {
        Config known = ConfigFactory.parseResources("sampo-cluster.conf")
                .withFallback(ConfigFactory.defaultReference())
                .resolve();
        Config ours = ConfigFactory.parseString(
                        "SAMPO_JOURNAL_URL = \"jdbc:postgresql://h/d\", SAMPO_JOURNAL_USER = u, SAMPO_JOURNAL_PASSWORD = p")
                .withFallback(ConfigFactory.parseFile(
                        Kustomize.K8S.resolve("base/sampo.conf").toFile()))
                .resolve()
                .withOnlyPath("sampo")
                .withFallback(ConfigFactory.parseFile(
                                Kustomize.K8S.resolve("base/sampo.conf").toFile())
                        .resolve());
        assertThat(ours.entrySet())
                .isNotEmpty()
                .allSatisfy(entry -> assertThat(known.hasPath(entry.getKey()))
                        .as(entry.getKey())
                        .isTrue());
        assertThat(ours.getString("sampo.journal.url")).isEqualTo("jdbc:postgresql://h/d");
        assertThat(NODE.getString("sampo.journal.url")).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("all")
    void theJvmsSharesLeaveRoomForTheRest(Manifests manifests) throws IOException {
        String launcher = Files.readString(Path.of("image/sampo"));
        long shares = share(launcher, "heap") + share(launcher, "natives") + share(launcher, "direct");
        assertThat(manifests.nodes()).allSatisfy(node -> {
            var resources = node.container().getResources();
            long limit = bytes(resources.getLimits().get("memory"));
            // Metaspace, code, threads, the class data archive and the C library, and a command of kubectl exec beside
            // it.
            assertThat(limit * (100 - shares) / 100).isGreaterThanOrEqualTo(256L << 20);
            // Artery's pools: 128 frames of 512 KiB and 32 of 1152 KiB.
            assertThat(limit * share(launcher, "direct") / 100).isGreaterThanOrEqualTo(100L << 20);
            assertThat(bytes(resources.getRequests().get("memory"))).isLessThanOrEqualTo(limit);
            assertThat(resources.getLimits()).doesNotContainKey("cpu");
            assertThat(resources.getRequests()).containsKey("cpu");
        });
    }

    private static long share(String launcher, String name) {
        Matcher matcher =
                Pattern.compile("^" + name + "=(\\d+)$", Pattern.MULTILINE).matcher(launcher);
        assertThat(matcher.find()).as(name).isTrue();
        return Long.parseLong(matcher.group(1));
    }

    private static long bytes(Quantity quantity) {
        return quantity.getNumericalAmount().longValueExact();
    }
}
