package dev.sampo.node.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.node.Sampo;
import dev.sampo.node.kubernetes.Certificates;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each ill is named with its mend, and only what keeps a node from working fails the command. */
class DoctorTest {
    @TempDir
    private Path home;

    @Test
    void aSoundMachineIsOk() {
        Sampo.Ran ran = Sampo.run("doctor", "--home", home.toString(), "--port", "0");
        assertThat(ran.code()).as(ran.out()).isZero();
        assertThat(ran.out())
                .contains("OK    java ")
                .contains("OK    home ")
                .contains("OK    exposure ")
                .contains("OK    kubernetes             not in a pod")
                .doesNotContain("FAIL");
    }

    @Test
    void whatIsWrongIsNamedWithItsMend() throws Exception {
        Path tls = home.resolve("tls");
        new Certificates("ca").issue(tls, Duration.ofHours(-1));
        Path file = Files.writeString(home.resolve("file"), "");
        Sampo.Ran ran = Sampo.run(
                "doctor",
                "--home",
                file.resolve("below").toString(),
                "--host",
                "192.0.2.1",
                "--discovery",
                "kubernetes",
                "--tls-dir",
                tls.toString(),
                "--cluster",
                "127.0.0.1:1");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.out())
                .contains("FAIL  home ")
                .contains("-> mount the shared volume, or name it with --home")
                .contains("FAIL  tls ")
                .contains("expired on ")
                .contains("FAIL  --port ")
                .contains("192.0.2.1:17355 can't be had")
                .contains("FAIL  kubernetes ")
                .contains("outside, give --seeds")
                .contains("FAIL  cluster ");
    }

    @Test
    void clocksThatDisagreeAreTold() {
        Instant now = Instant.parse("2026-11-26T12:00:00Z");
        assertThat(Clock.compare("x", "Thu, 26 Nov 2026 11:59:59 GMT", now).level())
                .isEqualTo(Finding.Level.OK);
        assertThat(Clock.compare("x", "Thu, 26 Nov 2026 11:59:50 GMT", now).level())
                .isEqualTo(Finding.Level.WARN);
        assertThat(Clock.compare("x", "Thu, 26 Nov 2026 12:05:00 GMT", now).level())
                .isEqualTo(Finding.Level.FAIL);
        assertThat(Clock.compare("x", "", now).level()).isEqualTo(Finding.Level.WARN);
    }

    @Test
    void anOldJavaIsRefused() {
        assertThat(MachineChecks.java(11).level()).isEqualTo(Finding.Level.FAIL);
        assertThat(MachineChecks.java(17).level()).isEqualTo(Finding.Level.OK);
    }

    @Test
    void theJsonHasEveryFinding() throws Exception {
        Sampo.Ran ran = Sampo.run("doctor", "--home", home.toString(), "--port", "0", "--json");
        assertThat(ran.json().path("findings"))
                .isNotEmpty()
                .allSatisfy(
                        finding -> assertThat(finding.path("level").asText()).isIn("OK", "WARN"));
    }
}
