package dev.sampo.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyIngressRule;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeer;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPort;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.api.model.rbac.Subject;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a pod may do, and who may reach it. */
@EnabledIf("dev.sampo.deploy.Kustomize#isHere")
class SecurityTest {
    private static final Map<String, String> NODE = Map.of("app.kubernetes.io/name", "sampo");

    static List<Manifests> all() {
        return Manifests.all();
    }

    @ParameterizedTest
    @MethodSource("all")
    void podsMeetTheRestrictedProfile(Manifests manifests) {
        assertThat(manifests.of(Namespace.class))
                .allSatisfy(each -> assertThat(each.getMetadata().getLabels())
                        .containsEntry("pod-security.kubernetes.io/enforce", "restricted"));
        assertThat(manifests.workloads()).hasSizeGreaterThanOrEqualTo(5).allSatisfy(workload -> {
            PodSpec pod = workload.pod();
            assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
            assertThat(pod.getSecurityContext().getRunAsUser()).isPositive();
            assertThat(pod.getSecurityContext().getRunAsGroup()).isPositive();
            assertThat(pod.getSecurityContext().getFsGroup()).isPositive();
            assertThat(pod.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
            assertThat(Stream.of(
                            pod.getHostNetwork(), pod.getHostPID(), pod.getHostIPC(), pod.getShareProcessNamespace()))
                    .doesNotContain(true);
            assertThat(pod.getVolumes())
                    .allSatisfy(volume -> assertThat(volume.getHostPath()).isNull());
            assertThat(Stream.concat(pod.getContainers().stream(), pod.getInitContainers().stream()))
                    .isNotEmpty()
                    .allSatisfy(SecurityTest::isConfined);
        });
    }

    @Test
    void theJobThatSubmitsIsAClientAndNoNode() throws IOException {
        Job job = (Job) StrictManifests.read(Files.readString(Kustomize.K8S.resolve("examples/submit-job.yaml")))
                .get(0);
        PodTemplateSpec template = job.getSpec().getTemplate();
        assertThat(template.getMetadata().getLabels())
                .containsEntry("sampo.dev/client", "true")
                .doesNotContainEntry("app.kubernetes.io/name", "sampo");
        assertThat(template.getSpec().getSecurityContext().getRunAsNonRoot()).isTrue();
        assertThat(template.getSpec().getSecurityContext().getSeccompProfile().getType())
                .isEqualTo("RuntimeDefault");
        assertThat(template.getSpec().getAutomountServiceAccountToken()).isFalse();
        assertThat(template.getSpec().getContainers()).singleElement().satisfies(SecurityTest::isConfined);
    }

    private static void isConfined(Container container) {
        var context = container.getSecurityContext();
        assertThat(context.getAllowPrivilegeEscalation()).isFalse();
        assertThat(context.getReadOnlyRootFilesystem()).isTrue();
        assertThat(context.getPrivileged()).isNotEqualTo(true);
        assertThat(context.getRunAsUser()).isNull();
        assertThat(context.getCapabilities().getDrop()).containsExactly("ALL");
        assertThat(context.getCapabilities().getAdd()).isEmpty();
        assertThat(container.getPorts())
                .allSatisfy(port -> assertThat(port.getHostPort()).isNull());
        // No secret in the open: who may read pods reads their environment.
        assertThat(container.getEnv())
                .filteredOn(each -> each.getName().matches(".*(PASSWORD|SECRET|TOKEN)"))
                .allSatisfy(
                        each -> assertThat(each.getValueFrom().getSecretKeyRef().getName())
                                .isNotEmpty());
    }

    @ParameterizedTest
    @MethodSource("all")
    void whoAsksTheApiMayReadPodsAndOnlyWorkersMayPatchThem(Manifests manifests) {
        assertThat(manifests.objects())
                .extracting(HasMetadata::getKind)
                .doesNotContain("ClusterRole", "ClusterRoleBinding", "Secret");
        assertThat(rules(manifests, "sampo")).containsExactly("pods get", "pods list", "pods watch");
        assertThat(rules(manifests, "sampo-worker"))
                .containsExactly("pods get", "pods list", "pods patch", "pods watch");
        assertThat(manifests.of(ServiceAccount.class))
                .extracting(each -> each.getMetadata().getName())
                .containsExactlyInAnyOrder("sampo", "sampo-worker");
        assertThat(manifests.of(ServiceAccount.class))
                .allSatisfy(each ->
                        assertThat(each.getAutomountServiceAccountToken()).isFalse());
        assertThat(manifests.workloads()).allSatisfy(workload -> {
            boolean writesCost = manifests.environment(workload).containsKey("SAMPO_POD_NAME");
            assertThat(workload.pod().getAutomountServiceAccountToken()).isEqualTo(workload.isNode());
            assertThat(workload.pod().getServiceAccountName())
                    .isEqualTo(workload.isNode() ? writesCost ? "sampo-worker" : "sampo" : null);
            assertThat(writesCost).isEqualTo(workload.name().equals("sampo-worker"));
        });
    }

    /** What a service account may do, as {@code resource verb}, sorted. */
    private static List<String> rules(Manifests manifests, String account) {
        Set<String> roles = manifests.of(RoleBinding.class).stream()
                .filter(binding -> binding.getSubjects().stream().anyMatch(subject -> isAccount(subject, account)))
                .peek(binding -> assertThat(binding.getRoleRef().getKind()).isEqualTo("Role"))
                .map(binding -> binding.getRoleRef().getName())
                .collect(Collectors.toSet());
        return manifests.of(Role.class).stream()
                .filter(role -> roles.contains(role.getMetadata().getName()))
                .flatMap(role -> role.getRules().stream())
                .peek(rule -> assertThat(rule.getApiGroups()).containsExactly(""))
                .flatMap(SecurityTest::pairs)
                .sorted()
                .toList();
    }

    private static boolean isAccount(Subject subject, String account) {
        return "ServiceAccount".equals(subject.getKind())
                && account.equals(subject.getName())
                && "sampo".equals(subject.getNamespace());
    }

    private static Stream<String> pairs(PolicyRule rule) {
        return rule.getResources().stream()
                .flatMap(resource -> rule.getVerbs().stream().map(verb -> resource + " " + verb));
    }

    @ParameterizedTest
    @MethodSource("all")
    void remotingDataAndManagementAreFencedToNodes(Manifests manifests) {
        List<NetworkPolicy> policies = manifests.of(NetworkPolicy.class).stream()
                .filter(each -> NODE.equals(each.getSpec().getPodSelector().getMatchLabels()))
                .toList();
        assertThat(policies).isNotEmpty().allSatisfy(policy -> {
            assertThat(policy.getSpec().getPolicyTypes()).contains("Ingress");
            assertThat(policy.getSpec().getIngress()).allSatisfy(SecurityTest::isFenced);
        });
    }

    private static void isFenced(NetworkPolicyIngressRule rule) {
        // Without ports or peers a rule would let everything in.
        assertThat(rule.getPorts()).isNotEmpty();
        assertThat(rule.getFrom()).isNotEmpty();
        List<Object> ports = rule.getPorts().stream()
                .map(NetworkPolicyPort::getPort)
                .map(port -> (Object) port.getStrVal())
                .toList();
        if (ports.contains("remoting") || ports.contains("data")) {
            assertThat(rule.getFrom()).allMatch(SecurityTest::isNodes);
        } else if (ports.contains("management")) {
            assertThat(rule.getFrom()).allMatch(peer -> isNodes(peer) || isMonitoring(peer));
        }
    }

    private static boolean isNodes(NetworkPolicyPeer peer) {
        return peer.getNamespaceSelector() == null
                && peer.getIpBlock() == null
                && NODE.equals(peer.getPodSelector().getMatchLabels());
    }

    private static boolean isMonitoring(NetworkPolicyPeer peer) {
        return peer.getNamespaceSelector() != null
                && Map.of("sampo.dev/monitoring", "true")
                        .equals(peer.getNamespaceSelector().getMatchLabels());
    }
}
