package dev.sampo.node.doctor;

import dev.sampo.cluster.tls.TlsFiles;
import dev.sampo.node.NodeOptions;
import dev.sampo.node.security.BearerToken;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Certificates, keys, the token, and whether the node would start as open as it is. */
final class TlsChecks implements Doctor.Check {
    private static final Duration SOON = Duration.ofDays(7);

    private final NodeOptions options;

    TlsChecks(NodeOptions options) {
        this.options = options;
    }

    @Override
    public void look(Consumer<Finding> findings) {
        files("tls", options.security().tlsDir(), findings);
        files("http tls", options.security().httpTlsDir(), findings);
        Path token = options.security().tokenFile();
        if (token != null) {
            try {
                BearerToken.read(token);
                findings.accept(Finding.ok("token", token + " has a token"));
            } catch (IOException e) {
                findings.accept(Finding.fail("token", token + ": " + e, "write one line with the token into it"));
            }
        }
        try {
            options.security().check(options.host(), options.httpPort() < 0 ? null : options.httpHost(), Instant.now());
            findings.accept(
                    options.security().insecure()
                            ? Finding.warn(
                                    "exposure",
                                    "--insecure: whoever reaches " + options.host() + " is trusted",
                                    "fence the network (NetworkPolicy), or give --tls-dir and --token-file")
                            : Finding.ok("exposure", "guarded, or on this machine only (" + options.host() + ")"));
        } catch (IllegalArgumentException e) {
            findings.accept(Finding.fail("exposure", String.valueOf(e.getMessage()), "a node would not start so"));
        }
    }

    private static void files(String check, @Nullable Path folder, Consumer<Finding> findings) {
        if (folder == null) {
            return;
        }
        TlsFiles files = new TlsFiles(folder);
        try {
            files.check(Instant.now());
            Instant end = files.certificate().getNotAfter().toInstant();
            String found = folder + ": valid until " + end;
            findings.accept(
                    end.isBefore(Instant.now().plus(SOON))
                            ? Finding.warn(check, found, "renew it; cert-manager does so by itself where it is well")
                            : Finding.ok(check, found));
        } catch (IllegalArgumentException e) {
            findings.accept(Finding.fail(check, String.valueOf(e.getMessage()), "issue the certificate anew"));
        }
    }
}
