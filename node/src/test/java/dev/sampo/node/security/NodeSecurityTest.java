package dev.sampo.node.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sampo.node.Sampo;
import dev.sampo.node.kubernetes.Certificates;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A node is not open to a network unless it is told so, and files that nobody would believe are named at the start. */
class NodeSecurityTest {
    @TempDir
    private Path folder;

    private Path tls() throws Exception {
        Path tls = folder.resolve("tls");
        new Certificates("ca").issue(tls, Duration.ofDays(1));
        return tls;
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.9.8.7", "localhost"})
    void onOnesOwnMachineNothingIsNeeded(String host) {
        assertThatCode(() -> NodeSecurity.NONE.check(host, host, Instant.now())).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "10.1.2.3", "192.168.0.1"})
    void anAddressOfANetworkNeedsTlsAndAToken(String host) throws Exception {
        Instant now = Instant.now();
        assertThatThrownBy(() -> NodeSecurity.NONE.check(host, null, now))
                .hasMessageContaining(host)
                .hasMessageContaining("--tls-dir")
                .hasMessageContaining("--insecure (SAMPO_INSECURE=true)");
        NodeSecurity withTls = new NodeSecurity(tls(), null, null, false);
        assertThatCode(() -> withTls.check(host, null, now)).doesNotThrowAnyException();
        assertThatThrownBy(() -> withTls.check(host, host, now)).hasMessageContaining("--token-file");
        NodeSecurity both = new NodeSecurity(tls(), null, folder.resolve("token"), false);
        assertThatCode(() -> both.check(host, host, now)).doesNotThrowAnyException();
        assertThatThrownBy(() -> NodeSecurity.NONE.check("127.0.0.1", host, now))
                .hasMessageContaining("--token-file");
        assertThat(both.tokenInPlainText(host)).isTrue();
        assertThatCode(() -> new NodeSecurity(null, null, null, true).check(host, host, now))
                .doesNotThrowAnyException();
    }

    @Test
    void theCommandSaysSoAndEnds() {
        Sampo.Ran ran = Sampo.run("node", "--roles", "worker", "--host", "0.0.0.0", "--home", folder.toString());
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err())
                .contains("the node would trust whoever reaches 0.0.0.0")
                .contains("--insecure");
    }

    @Test
    void filesThatNobodyWouldBelieveAreNamed() throws Exception {
        assertRefused(folder.resolve("none"), "none/tls.crt: there is no such file");
        Path expired = folder.resolve("expired");
        new Certificates("ca").issue(expired, Duration.ofHours(-1));
        assertRefused(expired, "expired/tls.crt: expired on ");
        Path mixed = tls();
        Path other = folder.resolve("other");
        new Certificates("ca").issue(other, Duration.ofDays(1));
        Files.copy(
                other.resolve("tls.key"), mixed.resolve("tls.key"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertRefused(mixed, "tls/tls.key: not the key of ");
        Path stranger = tls();
        Files.copy(
                other.resolve("ca.crt"), stranger.resolve("ca.crt"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertRefused(stranger, "tls/tls.crt: not signed by the CA of ");
        Path broken = tls();
        Files.writeString(broken.resolve("tls.key"), "no key");
        assertRefused(broken, "tls/tls.key: can't be read");
    }

    private static void assertRefused(Path tls, String message) {
        assertThatThrownBy(() -> new NodeSecurity(tls, null, null, true).check("127.0.0.1", null, Instant.now()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void aTokenIsAcceptedWholeAndNothingElse() throws Exception {
        Path file = Files.writeString(folder.resolve("token"), "s3cret\n");
        BearerToken token = new BearerToken(file);
        assertThat(token.accepts(Optional.of("Bearer s3cret"))).isTrue();
        assertThat(token.accepts(Optional.of("bearer s3cret"))).isTrue();
        for (String wrong :
                new String[] {"", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3crets", "Basic s3cret", "s3cret"}) {
            assertThat(token.accepts(Optional.of(wrong))).as(wrong).isFalse();
        }
        assertThat(token.accepts(Optional.empty())).isFalse();
        assertThatThrownBy(() -> new BearerToken(Files.writeString(folder.resolve("empty"), " \n")))
                .hasMessageContaining("empty: no token can be read");
    }
}
