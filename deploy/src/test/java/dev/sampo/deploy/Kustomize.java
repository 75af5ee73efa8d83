package dev.sampo.deploy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Renders a kustomization by the tool of this machine: {@code kustomize}, or {@code kubectl} from 1.21 on. */
final class Kustomize {
    /** The folder {@code deploy/k8s}. */
    static final Path K8S = Path.of("k8s").toAbsolutePath();

    private static final Optional<List<String>> TOOL = find();

    private Kustomize() {}

    /** False only where nobody asks for these tests: continuous integration sets SAMPO_REQUIRE_KUSTOMIZE. */
    static boolean isHere() {
        if (TOOL.isEmpty() && System.getenv("SAMPO_REQUIRE_KUSTOMIZE") != null) {
            throw new AssertionError(
                    "SAMPO_REQUIRE_KUSTOMIZE is set, but neither kustomize nor a kubectl from 1.21 on is in"
                            + " the PATH; .ci/run installs one");
        }
        return TOOL.isPresent();
    }

    /** The manifests of a folder, as YAML documents. */
    static String render(Path folder) {
        List<String> command = new ArrayList<>(TOOL.orElseThrow());
        command.add(folder.toString());
        return run(command).orElseThrow(() -> new AssertionError(String.join(" ", command) + " failed"));
    }

    /** The manifests of a base with components beside those it has. */
    static String render(String base, List<String> components) throws IOException {
        Path folder =
                Files.createDirectories(Path.of("target", "kustomize", base + "+" + String.join("+", components)));
        Path here = folder.toAbsolutePath();
        StringBuilder text = new StringBuilder("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n");
        text.append("namespace: sampo\nresources: [")
                .append(here.relativize(K8S.resolve(base)))
                .append("]\ncomponents:\n");
        components.forEach(each -> text.append("  - ")
                .append(here.relativize(K8S.resolve("components").resolve(each)))
                .append('\n'));
        Files.writeString(folder.resolve("kustomization.yaml"), text);
        return render(here);
    }

    private static Optional<List<String>> find() {
        if (run(List.of("kustomize", "version")).isPresent()) {
            return Optional.of(List.of("kustomize", "build"));
        }
        // Components came with kustomize 4, which kubectl has since 1.21; older ones lack the line.
        return run(List.of("kubectl", "version", "--client"))
                .filter(version -> version.contains("Kustomize Version"))
                .map(version -> List.of("kubectl", "kustomize"));
    }

    private static Optional<String> run(List<String> command) {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(String.join(" ", command) + " does not end");
            }
            return process.exitValue() == 0 ? Optional.of(out) : Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        } catch (IOException e) {
            if (String.valueOf(e.getMessage()).contains("No such file")) {
                return Optional.empty();
            }
            throw new UncheckedIOException(e);
        }
    }
}
