package dev.sampo.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.deploy.Manifests.Workload;
import io.fabric8.certmanager.api.model.v1.Certificate;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What one manifest says of another is so. */
@EnabledIf("dev.sampo.deploy.Kustomize#isHere")
class WiringTest {
    /** Made by hand, as docs/kubernetes.md tells. */
    private static final Set<String> SECRETS_BY_HAND = Set.of("sampo-postgres", "sampo-token");

    static List<Manifests> all() {
        return Manifests.all();
    }

    @ParameterizedTest
    @MethodSource("all")
    void everythingIsLabelledAndInOneNamespace(Manifests manifests) {
        assertThat(manifests.objects()).allSatisfy(object -> {
            assertThat(object.getMetadata().getLabels())
                    .containsEntry("app.kubernetes.io/instance", "sampo")
                    .containsEntry("app.kubernetes.io/part-of", "sampo")
                    .containsEntry("app.kubernetes.io/managed-by", "kustomize");
            assertThat(object.getMetadata().getNamespace()).isEqualTo(object instanceof Namespace ? null : "sampo");
        });
        assertThat(manifests.workloads()).allSatisfy(each -> {
            assertThat(each.labels()).containsKeys("app.kubernetes.io/name", "app.kubernetes.io/component");
            // A selector can't be changed later, so nothing that does change may be in it.
            assertThat(each.selector().getMatchLabels().keySet())
                    .isSubsetOf("app.kubernetes.io/name", "app.kubernetes.io/component");
            assertThat(manifests.selectedBy(each.selector().getMatchLabels())).containsExactly(each);
        });
    }

    @ParameterizedTest
    @MethodSource("all")
    void selectorsFindPodsAndThePortsTheyName(Manifests manifests) {
        assertThat(manifests.of(Service.class)).allSatisfy(service -> {
            List<Workload> pods = manifests.selectedBy(service.getSpec().getSelector());
            assertThat(pods).isNotEmpty();
            service.getSpec()
                    .getPorts()
                    .forEach(port -> assertThat(pods)
                            .allMatch(pod -> pod.hasPort(port.getTargetPort().getStrVal())));
        });
        assertThat(manifests.of(NetworkPolicy.class)).allSatisfy(policy -> {
            List<Workload> pods =
                    manifests.selectedBy(policy.getSpec().getPodSelector().getMatchLabels());
            assertThat(pods).isNotEmpty();
            policy.getSpec().getIngress().stream()
                    .flatMap(rule -> rule.getPorts().stream())
                    .forEach(port -> assertThat(pods)
                            .allMatch(pod -> pod.hasPort(port.getPort().getStrVal())));
        });
        assertThat(manifests.of(StatefulSet.class))
                .allSatisfy(set -> assertThat(manifests.of(Service.class)).anySatisfy(service -> {
                    assertThat(service.getMetadata().getName())
                            .isEqualTo(set.getSpec().getServiceName());
                    assertThat(service.getSpec().getClusterIP()).isEqualTo("None");
                }));
    }

    @ParameterizedTest
    @MethodSource("all")
    void everyWorkloadHasProbesABudgetAndIsSpread(Manifests manifests) {
        assertThat(manifests.workloads()).allSatisfy(workload -> {
            var container = workload.container();
            assertThat(workload.pod().getContainers()).hasSize(1);
            assertThat(Stream.of(
                            container.getStartupProbe(), container.getReadinessProbe(), container.getLivenessProbe()))
                    .doesNotContainNull();
            assertThat(manifests.of(PodDisruptionBudget.class))
                    .filteredOn(budget -> workload.labels()
                            .entrySet()
                            .containsAll(budget.getSpec()
                                    .getSelector()
                                    .getMatchLabels()
                                    .entrySet()))
                    .singleElement()
                    .satisfies(budget ->
                            assertThat(budget.getSpec().getMaxUnavailable()).isNotNull());
        });
        assertThat(manifests.nodes()).hasSize(5).allSatisfy(node -> {
            var container = node.container();
            assertThat(path(container.getStartupProbe())).isEqualTo("management/startup");
            assertThat(path(container.getReadinessProbe())).isEqualTo("management/ready");
            assertThat(path(container.getLivenessProbe())).isEqualTo("management/alive");
            assertThat(node.pod().getTopologySpreadConstraints())
                    .hasSize(2)
                    .allSatisfy(spread -> assertThat(manifests.selectedBy(
                                    spread.getLabelSelector().getMatchLabels()))
                            .contains(node));
        });
    }

    private static String path(Probe probe) {
        return probe.getHttpGet().getPort().getStrVal() + probe.getHttpGet().getPath();
    }

    @ParameterizedTest
    @MethodSource("all")
    void portsAreThoseOfTheOptions(Manifests manifests) {
        assertThat(manifests.nodes()).allSatisfy(node -> {
            Map<String, String> options = manifests.environment(node);
            Map<String, String> ports = node.container().getPorts().stream()
                    .collect(Collectors.toMap(ContainerPort::getName, port -> "" + port.getContainerPort()));
            assertThat(ports)
                    .isEqualTo(Map.of(
                            "remoting", options.get("SAMPO_PORT"),
                            "data", options.get("SAMPO_DATA_PORT"),
                            "http", options.get("SAMPO_HTTP_PORT"),
                            "management", options.get("SAMPO_MANAGEMENT_PORT")));
            assertThat(node.template().getMetadata().getAnnotations())
                    .containsEntry("prometheus.io/port", ports.get("management"))
                    .containsEntry("prometheus.io/path", "/metrics");
            assertThat(options).containsEntry("SAMPO_DISCOVERY", "kubernetes").containsKey("SAMPO_HOST");
        });
    }

    @ParameterizedTest
    @MethodSource("all")
    void discoveryFindsTheCoordinatorsAndNobodyElse(Manifests manifests) {
        Workload coordinator = manifests.node("coordinator");
        assertThat(manifests.nodes()).allSatisfy(node -> {
            Map<String, String> seeds = Arrays.stream(manifests
                            .environment(node)
                            .get("SAMPO_POD_LABEL_SELECTOR")
                            .split(","))
                    .map(term -> term.split("=", 2))
                    .collect(Collectors.toMap(term -> term[0], term -> term[1]));
            assertThat(manifests.selectedBy(seeds)).containsExactly(coordinator);
        });
        assertThat(manifests.nodes())
                .extracting(each -> manifests.environment(each).get("SAMPO_ROLES"))
                .containsExactlyInAnyOrder("coordinator", "ps", "worker", "ingest", "serving");
        assertThat(manifests.environment(coordinator)).containsEntry("SAMPO_ROLES", "coordinator");
        int majority = coordinator.replicas() / 2 + 1;
        assertThat(manifests.environment(coordinator)).containsEntry("SAMPO_REQUIRED_CONTACT_POINTS", "" + majority);
    }

    @ParameterizedTest
    @MethodSource("all")
    void severalCoordinatorsShareADatabaseAndOneHasAVolume(Manifests manifests) {
        Workload coordinator = manifests.node("coordinator");
        boolean several = coordinator.replicas() > 1;
        assertThat(manifests.environment(coordinator).getOrDefault("SAMPO_JOURNAL_URL", ""))
                .startsWith(several ? "jdbc:postgresql://sampo-postgres/" : "");
        assertThat(manifests.environment(coordinator).containsKey("SAMPO_JOURNAL_URL"))
                .isEqualTo(several);
        StatefulSet set = (StatefulSet) coordinator.object();
        assertThat(set.getSpec().getVolumeClaimTemplates()).hasSize(several ? 0 : 1);
    }

    @ParameterizedTest
    @MethodSource("all")
    void whatIsMountedExists(Manifests manifests) {
        Set<String> claims = names(manifests, PersistentVolumeClaim.class);
        Set<String> secrets = new HashSet<>(SECRETS_BY_HAND);
        manifests
                .of(Certificate.class)
                .forEach(each -> secrets.add(each.getSpec().getSecretName()));
        assertThat(manifests.workloads()).allSatisfy(workload -> {
            for (Volume volume : workload.pod().getVolumes()) {
                if (volume.getPersistentVolumeClaim() != null) {
                    assertThat(claims)
                            .contains(volume.getPersistentVolumeClaim().getClaimName());
                } else if (volume.getConfigMap() != null) {
                    assertThat(manifests.configMap(volume.getConfigMap().getName()))
                            .isNotEmpty();
                } else if (volume.getSecret() != null) {
                    assertThat(secrets).contains(volume.getSecret().getSecretName());
                } else {
                    assertThat(volume.getEmptyDir().getSizeLimit()).isNotNull();
                }
            }
            Set<String> volumes =
                    workload.pod().getVolumes().stream().map(Volume::getName).collect(Collectors.toSet());
            if (workload.object() instanceof StatefulSet set) {
                set.getSpec()
                        .getVolumeClaimTemplates()
                        .forEach(each -> volumes.add(each.getMetadata().getName()));
            }
            // Part of a volume would never see a renewed certificate.
            assertThat(workload.container().getVolumeMounts())
                    .allSatisfy(mount -> assertThat(mount.getSubPath()).isNull())
                    .extracting(VolumeMount::getName)
                    .containsExactlyInAnyOrderElementsOf(volumes);
        });
    }

    private static Set<String> names(Manifests manifests, Class<? extends HasMetadata> type) {
        return manifests.of(type).stream()
                .map(each -> each.getMetadata().getName())
                .collect(Collectors.toSet());
    }

    @ParameterizedTest
    @MethodSource("all")
    void optionsNameFilesThatAreMounted(Manifests manifests) {
        assertThat(manifests.nodes()).allSatisfy(node -> {
            List<String> mounts = node.container().getVolumeMounts().stream()
                    .map(VolumeMount::getMountPath)
                    .toList();
            Map<String, String> options = manifests.environment(node);
            assertThat(options.get("SAMPO_HOME")).isIn(mounts);
            options.forEach((name, value) -> {
                if (name.matches("SAMPO_(CONFIG|TLS_DIR|HTTP_TLS_DIR|TOKEN_FILE)")) {
                    assertThat(mounts).anyMatch(mount -> value.equals(mount) || value.startsWith(mount + "/"));
                }
            });
            // Plain or encrypted is said, never left to chance.
            boolean tls =
                    options.keySet().containsAll(Set.of("SAMPO_TLS_DIR", "SAMPO_HTTP_TLS_DIR", "SAMPO_TOKEN_FILE"));
            assertThat(options).containsEntry("SAMPO_INSECURE", tls ? "false" : "true");
            assertThat(options.get("SAMPO_CLUSTER")).isEqualTo((tls ? "https" : "http") + "://sampo-api:8080");
            assertThat(manifests.of(Certificate.class).isEmpty()).isNotEqualTo(tls);
        });
    }

    @ParameterizedTest
    @MethodSource("all")
    void anAutoscalerOwnsItsTargetsNumber(Manifests manifests) {
        assertThat(manifests.of(HorizontalPodAutoscaler.class)).allSatisfy(scaler -> {
            String target = scaler.getSpec().getScaleTargetRef().getName();
            assertThat(manifests.of(io.fabric8.kubernetes.api.model.apps.Deployment.class))
                    .filteredOn(each -> each.getMetadata().getName().equals(target))
                    .singleElement()
                    .satisfies(each -> assertThat(each.getSpec().getReplicas()).isNull());
            assertThat(target).isNotEqualTo("sampo-worker");
        });
    }
}
