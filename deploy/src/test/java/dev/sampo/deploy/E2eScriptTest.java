package dev.sampo.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/** {@code e2e.sh} from its first check to its last, with {@link FakeKubectl} in the place of a cluster. */
@EnabledIf("dev.sampo.deploy.Kustomize#isHere")
class E2eScriptTest {
    @TempDir
    private Path folder;

    private record Ended(int code, String output) {}

    @Test
    @Tag("faults")
    void theWholeStoryOnProcessesOfThisMachine() throws Exception {
        program("kubectl", java("dev.sampo.deploy.FakeKubectl"));
        Ended run = run(Map.of(), "sampo:7", "--epochs", "600");

        assertThat(run.output).contains("the same bits: ", "predicted: 4 9", "PASSED", "cleaned up");
        assertThat(run.code).isZero();
        String calls = Files.readString(folder.resolve("state/calls"));
        assertThat(calls)
                .containsSubsequence(
                        "apply -k",
                        "rollout status statefulset/sampo-coordinator",
                        "sampo submit",
                        "scale deploy/sampo-worker --replicas 4",
                        "scale deploy/sampo-worker --replicas 2",
                        "delete pod sampo-ps-1",
                        "delete pod sampo-coordinator-0",
                        "sampo predict",
                        "delete namespace sampo-e2e");
        assertThat(Files.readString(folder.resolve("state/image"))).isEqualTo("sampo:7");
    }

    @Test
    @Tag("faults")
    void otherBitsFailAndSayBoth() throws Exception {
        program("kubectl", java("dev.sampo.deploy.FakeKubectl"));
        Ended run = run(Map.of("E2E_SHA256", "0123abcd"), "sampo:7", "--epochs", "600");

        assertThat(run.output)
                .containsPattern("FAILED: the weights differ: [0-9a-f]{64} here, 0123abcd on this machine");
        assertThat(run.output).contains("--- pod/sampo-coordinator-0", "cleaned up");
        assertThat(run.code).isEqualTo(1);
    }

    @Test
    @Tag("faults")
    void aJobThatEndsTooEarlyShowsNothing() throws Exception {
        program("kubectl", java("dev.sampo.deploy.FakeKubectl"));
        Ended run = run(Map.of("E2E_SHA256", "0123abcd", "E2E_PATIENCE", "40"), "sampo:7", "--epochs", "1");

        assertThat(run.output).containsPattern("FAILED: .*(the job was done before|trains: not within 40 s)");
        assertThat(run.code).isEqualTo(1);
    }

    @Test
    void aClusterThatDoesNotAnswerIsNoFailureOfSampo() throws Exception {
        program("kubectl", "echo 'The connection to the server was refused' >&2; exit 1");
        Ended run = run(Map.of(), "sampo:7");

        assertThat(run.output).isEqualTo("e2e: no cluster answers: The connection to the server was refused\n");
        assertThat(run.code).isEqualTo(2);
    }

    @Test
    void aNamespaceThatIsThereIsLeftAlone() throws Exception {
        program("kubectl", "echo \"$@\" >> " + folder.resolve("calls"));
        Ended run = run(Map.of(), "sampo:7", "--namespace", "mine");

        assertThat(run.output).isEqualTo("e2e: the namespace mine exists; delete it or name another by --namespace\n");
        assertThat(run.code).isEqualTo(2);
        assertThat(Files.readString(folder.resolve("calls"))).doesNotContain("delete", "apply");
    }

    @Test
    void podsThatNeverGetReadyAreTold() throws Exception {
        program(
                "kubectl",
                "case \"$*\" in 'get namespace '*|*'rollout status'*) exit 1;; *'get pods -o name'*) echo pod/sampo-ps-0;;"
                        + " *'get pods'*) echo sampo-ps-0 ImagePullBackOff;; *) echo \"$*\";; esac");
        Ended run = run(Map.of("E2E_SHA256", "0123abcd", "E2E_PATIENCE", "1"), "sampo:7");

        assertThat(run.output)
                .contains(
                        "FAILED: statefulset/sampo-coordinator did not become ready",
                        "sampo-ps-0 ImagePullBackOff",
                        "--- pod/sampo-ps-0",
                        "logs pod/sampo-ps-0",
                        "cleaned up");
        assertThat(run.code).isEqualTo(1);
    }

    @Test
    void misuseTellsTheUsage() throws Exception {
        program("kubectl", "exit 1");
        assertThat(run(Map.of()).output).contains("deploy/k8s/e2e.sh IMAGE", "Exit codes");
        assertThat(run(Map.of(), "sampo:7", "--overlay", "test").output)
                .isEqualTo("e2e: --overlay must be dev or prod, was \"test\"\n");
        assertThat(run(Map.of(), "sampo:7", "--epochs").code).isEqualTo(2);
    }

    @AfterEach
    void nothingIsLeftRunning() throws IOException {
        assertThat(folder.resolve("state/pods")).doesNotExist();
    }

    private Ended run(Map<String, String> environment, String... arguments) throws Exception {
        program("sampo", java("dev.sampo.node.Main"));
        List<String> command = new ArrayList<>(List.of("bash", "k8s/e2e.sh"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.redirectOutput(folder.resolve("output").toFile());
        builder.environment().put("FAKE_KUBECTL", folder.resolve("state").toString());
        builder.environment().put("SAMPO", folder.resolve("bin/sampo").toString());
        builder.environment().put("PATH", folder.resolve("bin") + ":" + System.getenv("PATH"));
        // The fake renders with the real one.
        builder.environment().put("REAL_PATH", System.getenv("PATH"));
        builder.environment().putAll(environment);
        Process process = builder.start();
        assertThat(process.waitFor(10, TimeUnit.MINUTES)).isTrue();
        return new Ended(process.exitValue(), Files.readString(folder.resolve("output")));
    }

    /** A call of a class of this test's own class path. */
    private static String java(String main) {
        return "PATH=${REAL_PATH:-$PATH} exec " + Path.of(System.getProperty("java.home"), "bin/java")
                + " -XX:TieredStopAtLevel=1 -Dorg.bytedeco.javacpp.maxphysicalbytes=0 --add-opens=java.base/java.nio=ALL-UNNAMED"
                + " --add-opens=java.base/sun.nio.ch=ALL-UNNAMED -cp '"
                + System.getProperty("java.class.path") + "' " + main + " \"$@\"";
    }

    private void program(String name, String script) throws IOException {
        Path file = Files.createDirectories(folder.resolve("bin")).resolve(name);
        Files.writeString(file, "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
