package dev.sampo.deploy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What one kustomization renders to, with what the tests ask of it. */
record Manifests(String name, List<HasMetadata> objects) {
    private static final List<Manifests> ALL = Kustomize.isHere() ? renderAll() : List.of();

    /** The base, every overlay, and every component together. */
    static List<Manifests> all() {
        return ALL;
    }

    private static List<Manifests> renderAll() {
        try {
            return List.of(
                    of("base", Kustomize.render(Kustomize.K8S.resolve("base"))),
                    of("overlays/dev", Kustomize.render(Kustomize.K8S.resolve("overlays/dev"))),
                    of("overlays/prod", Kustomize.render(Kustomize.K8S.resolve("overlays/prod"))),
                    of("overlays/prod-tls", Kustomize.render(Kustomize.K8S.resolve("overlays/prod-tls"))),
                    of("prod with all", Kustomize.render("overlays/prod-tls", List.of("monitoring"))),
                    of("dev with tls", Kustomize.render("overlays/dev", List.of("tls", "monitoring", "autoscaling"))));
        } catch (IOException e) {
            throw new AssertionError(e.getMessage(), e);
        }
    }

    private static Manifests of(String name, String yaml) throws IOException {
        return new Manifests(name, StrictManifests.read(yaml));
    }

    /** A StatefulSet or Deployment. */
    record Workload(HasMetadata object, int replicas, LabelSelector selector, PodTemplateSpec template) {
        String name() {
            return object.getMetadata().getName();
        }

        PodSpec pod() {
            return template.getSpec();
        }

        Map<String, String> labels() {
            return template.getMetadata().getLabels();
        }

        boolean isNode() {
            return "sampo".equals(labels().get("app.kubernetes.io/name"));
        }

        Container container() {
            return pod().getContainers().get(0);
        }

        boolean hasPort(String port) {
            return container().getPorts().stream().anyMatch(each -> port.equals(each.getName()));
        }
    }

    <T extends HasMetadata> List<T> of(Class<T> type) {
        return objects.stream().filter(type::isInstance).map(type::cast).toList();
    }

    List<Workload> workloads() {
        Stream<Workload> sets = of(StatefulSet.class).stream()
                .map(each -> new Workload(
                        each,
                        each.getSpec().getReplicas(),
                        each.getSpec().getSelector(),
                        each.getSpec().getTemplate()));
        Stream<Workload> deployments = of(Deployment.class).stream()
                .map(each -> new Workload(
                        each,
                        each.getSpec().getReplicas() == null
                                ? 1
                                : each.getSpec().getReplicas(),
                        each.getSpec().getSelector(),
                        each.getSpec().getTemplate()));
        return Stream.concat(sets, deployments).toList();
    }

    /** The workloads that run Sampo. */
    List<Workload> nodes() {
        return workloads().stream().filter(Workload::isNode).toList();
    }

    Workload node(String role) {
        return nodes().stream()
                .filter(each -> each.name().equals("sampo-" + role))
                .findFirst()
                .orElseThrow();
    }

    /** What selects these pods. */
    List<Workload> selectedBy(Map<String, String> labels) {
        return workloads().stream()
                .filter(each -> each.labels().entrySet().containsAll(labels.entrySet()))
                .toList();
    }

    /** A container's environment as far as it stands in the manifests; of references only the name. */
    Map<String, String> environment(Workload workload) {
        Map<String, String> all = new HashMap<>();
        workload.container()
                .getEnvFrom()
                .forEach(from -> all.putAll(configMap(from.getConfigMapRef().getName())));
        for (EnvVar each : workload.container().getEnv()) {
            all.put(each.getName(), each.getValue() == null ? "reference" : each.getValue());
        }
        return all;
    }

    Map<String, String> configMap(String name) {
        return of(ConfigMap.class).stream()
                .filter(each -> each.getMetadata().getName().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no ConfigMap " + name))
                .getData();
    }

    @Override
    public String toString() {
        return name;
    }
}
