package dev.sampo.deploy;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The image's files; that it builds and runs is shown by building it. */
class ImageTest {
    @TempDir
    private Path folder;

    @Test
    void nothingCallsNd4jWhoseNativesAreLeftOut() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.nd4j..")
                .because(
                        "deploy/image/assemble leaves ND4J's natives out of the image; take them in again with this change")
                .check(new ClassFileImporter()
                        .withImportOption(new ImportOption.DoNotIncludeTests())
                        .importPackages("dev.sampo"));
    }

    @Test
    void theImageRunsAsNobodyAndExposesThePortsOfTheManifests() throws IOException {
        String file = Files.readString(Path.of("Dockerfile"));
        assertThat(file).containsPattern("(?m)^USER [1-9]\\d*:[1-9]\\d*$");
        String options = Files.readString(Kustomize.K8S.resolve("base/options.env"));
        String exposed = file.lines()
                .filter(line -> line.startsWith("EXPOSE"))
                .findFirst()
                .orElseThrow();
        assertThat(exposed)
                .isEqualTo(
                        "EXPOSE %s %s %s %s",
                        port(options, ""),
                        port(options, "DATA_"),
                        port(options, "HTTP_"),
                        port(options, "MANAGEMENT_"));
    }

    private static String port(String options, String which) {
        String name = "SAMPO_" + which + "PORT=";
        return options.lines()
                .filter(line -> line.startsWith(name))
                .map(line -> line.substring(name.length()))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void theLauncherPinsTheArithmeticOfEveryNode() throws Exception {
        assertThat(launch(Map.of(), "node"))
                .contains("OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1", "MALLOC_ARENA_MAX=2", "-XX:+UseParallelGC")
                .contains("@/opt/sampo/java.options")
                .endsWith("dev.sampo.node.Main", "node");
        if (System.getProperty("os.arch").equals("amd64")) {
            assertThat(launch(Map.of(), "node")).contains("OPENBLAS_CORETYPE=Haswell");
        }
        assertThat(launch(Map.of("SAMPO_NUMERICS", "native"), "node"))
                .noneMatch(line -> line.startsWith("OPENBLAS_CORETYPE"));
    }

    @Test
    void aCommandBesideANodeTakesLittle() throws Exception {
        assertThat(launch(Map.of("SAMPO_CPUS", "3"), "jobs", "--json"))
                .contains("-Xmx64m", "-XX:ActiveProcessorCount=3")
                .noneMatch(line -> line.contains("MaxRAMPercentage"))
                .endsWith("dev.sampo.node.Main", "jobs", "--json");
    }

    @Test
    void theLauncherRefusesUnknownNumerics() throws Exception {
        assertThat(launch(Map.of("SAMPO_NUMERICS", "fast"), "node"))
                .containsExactly("sampo: SAMPO_NUMERICS must be portable or native, was \"fast\"");
    }

    /** What the launcher gives to Java: the environment that matters, then the arguments, one a line. */
    private List<String> launch(Map<String, String> environment, String... arguments) throws Exception {
        Path java = folder.resolve("java");
        if (Files.notExists(java)) {
            Files.writeString(java, "#!/bin/sh\nenv | grep -E '^(OPENBLAS|OMP|MALLOC)'\nprintf '%s\\n' \"$@\"\n");
            Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        List<String> command = new ArrayList<>(List.of("sh", "image/sampo"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("SAMPO_"));
        builder.environment().putAll(environment);
        builder.environment().put("PATH", folder + ":" + System.getenv("PATH"));
        Process process = builder.start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
    }
}
