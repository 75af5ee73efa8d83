package dev.sampo.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code sampo} in a built checkout, with a {@code java} that writes down how it is called. */
class LauncherTest {
    /** Makes an archive of classes where it is asked to, unless {@code fails} is there. */
    private static final String JAVA = """
            #!/usr/bin/env bash
            root=$(dirname "$(dirname "$(readlink -f "$0")")")
            echo "$@" >>"$root/calls"
            for argument in "$@"; do
              case "$argument" in
                -XshowSettings*) echo "    java.specification.version = $(cat "$root/specification")" >&2; exit ;;
                -XX:ArchiveClassesAtExit=*)
                  echo noise; echo noise >&2
                  [ ! -e "$root/fails" ] || exit 1
                  echo classes >"${argument#*=}" ;;
              esac
            done
            """;

    @TempDir
    private Path folder;

    private Path jdk;
    private Path built;

    private record Ran(int code, String out, String err) {}

    @BeforeEach
    void checkout() throws Exception {
        Path bash = Path.of("/usr/bin/env");
        assumeThat(Files.isExecutable(bash)).as("a system with a shell").isTrue();
        Files.copy(Path.of("../sampo"), folder.resolve("sampo"), StandardCopyOption.COPY_ATTRIBUTES);
        Path lib = Files.createDirectories(folder.resolve("node/target/lib"));
        Files.createFile(folder.resolve("node/target/sampo-node-1.jar"));
        Files.createFile(lib.resolve("b.jar"));
        Files.createFile(lib.resolve("a.jar"));
        built = Files.createFile(lib.resolve(".built"));
        jdk = Files.createDirectories(folder.resolve("jdk"));
        Path java =
                Files.writeString(Files.createDirectories(jdk.resolve("bin")).resolve("java"), JAVA);
        Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.writeString(jdk.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"17.0.15\"\n");
        age(built, 10);
    }

    private static void age(Path file, int seconds) throws IOException {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(seconds)));
    }

    private Ran run(String... arguments) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(folder.resolve("sampo").toString()).redirectErrorStream(false);
        builder.command().addAll(List.of(arguments));
        builder.environment().put("JAVA_HOME", jdk.toString());
        builder.environment().remove("SAMPO_JAVA_OPTS");
        if (archiveOff) {
            builder.environment().put("SAMPO_CLASS_ARCHIVE", "off");
        }
        Path err = folder.resolve("err");
        Process process = builder.redirectError(err.toFile()).start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return new Ran(process.exitValue(), out, Files.readString(err));
    }

    private boolean archiveOff;

    private List<String> calls() throws IOException {
        return Files.readAllLines(jdk.resolve("calls"));
    }

    private String lastCall() throws IOException {
        return calls().get(calls().size() - 1);
    }

    @Test
    void keepsTheLoadedClassesOfAShortTrainingAndUsesThemFromThenOn() throws Exception {
        Ran first = run("jobs", "--json");

        assertThat(first).isEqualTo(new Ran(0, "", "sampo: preparing for quick starts (once for each build)…\n"));
        assertThat(calls()).hasSize(2);
        assertThat(calls().get(0)).contains("-XX:ArchiveClassesAtExit=", " train ", "examples/digits/mlp.yaml");
        assertThat(lastCall()).contains("-XX:SharedArchiveFile=").endsWith("dev.sampo.node.Main jobs --json");
        assertThat(lastCall()).contains("sampo-node-1.jar:" + folder.resolve("node/target/lib/a.jar") + ":");

        assertThat(run("jobs")).isEqualTo(new Ran(0, "", ""));
        assertThat(calls()).hasSize(3);
        assertThat(lastCall()).contains("-XX:SharedArchiveFile=");
    }

    @Test
    void makesThemAgainForAnotherBuildAndForAnotherJdk() throws Exception {
        run("jobs");
        Files.setLastModifiedTime(built, FileTime.from(Instant.now().plusSeconds(5)));
        run("jobs");
        assertThat(calls()).hasSize(4);
        age(built, 10);

        Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"25.0.3\"\n");
        run("jobs");

        assertThat(calls()).hasSize(6);
        assertThat(lastCall()).contains("-XX:SharedArchiveFile=", "--sun-misc-unsafe-memory-access=allow");
        run("jobs");
        assertThat(calls()).hasSize(7);
    }

    @Test
    void startsWithoutThemWhereTheyCannotBeMadeAndTriesOnce() throws Exception {
        Files.createFile(jdk.resolve("fails"));

        assertThat(run("jobs").code()).isZero();
        assertThat(lastCall()).doesNotContain("-XX:SharedArchiveFile=").endsWith("dev.sampo.node.Main jobs");

        assertThat(run("jobs")).isEqualTo(new Ran(0, "", ""));
        assertThat(calls()).hasSize(3);
    }

    @Test
    void startsWithoutThemWhereAFileIsInTheirWay() throws Exception {
        Files.createFile(folder.resolve("node/target/classes-archive"));

        assertThat(run("jobs")).isEqualTo(new Ran(0, "", ""));
        assertThat(calls()).hasSize(1);
    }

    @Test
    void leavesThemOutWhenToldTo() throws Exception {
        archiveOff = true;

        assertThat(run("jobs")).isEqualTo(new Ran(0, "", ""));

        assertThat(calls()).hasSize(1);
        assertThat(lastCall()).doesNotContain("Archive");
    }

    @Test
    void refusesAnOldJavaByItsFileAndByItsOwnWord() throws Exception {
        Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"11.0.2\"\n");
        Ran byFile = run("jobs");
        assertThat(byFile.code()).isEqualTo(2);
        assertThat(byFile.err()).contains("is Java 11.0.2; 17 or newer is needed");

        Files.delete(jdk.resolve("release"));
        Files.writeString(jdk.resolve("specification"), "1.8");
        Ran byWord = run("jobs");
        assertThat(byWord.code()).isEqualTo(2);
        assertThat(byWord.err()).contains("is Java 1.8; 17 or newer is needed");

        Files.writeString(jdk.resolve("specification"), "21");
        assertThat(run("jobs").code()).isZero();
    }
}
