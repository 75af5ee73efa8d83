package dev.sampo.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** What is not on the command line comes from the environment, and what Kubernetes puts there for services does not. */
class EnvironmentDefaultsTest {
    @CommandLine.Command
    private static final class Some {
        @Option(names = "--http-port")
        private int httpPort = -1;

        @Option(names = "--insecure")
        private boolean insecure;
    }

    private static Some parse(Map<String, String> environment, String... arguments) {
        Some some = new Some();
        new CommandLine(some)
                .setDefaultValueProvider(new EnvironmentDefaults(environment))
                .parseArgs(arguments);
        return some;
    }

    @Test
    void theEnvironmentFillsInWhatIsNotGiven() {
        Map<String, String> environment = Map.of("SAMPO_HTTP_PORT", "8080", "SAMPO_INSECURE", "true");
        assertThat(parse(environment).httpPort).isEqualTo(8080);
        assertThat(parse(environment).insecure).isTrue();
        assertThat(parse(environment, "--http-port", "1").httpPort).isEqualTo(1);
    }

    @Test
    void whatIsEmptyOrAServiceLinkIsNoOption() {
        assertThat(parse(Map.of("SAMPO_HTTP_PORT", "")).httpPort).isEqualTo(-1);
        assertThat(parse(Map.of("SAMPO_HTTP_PORT", "tcp://10.96.0.12:8080")).httpPort)
                .isEqualTo(-1);
        assertThat(parse(Map.of()).insecure).isFalse();
    }
}
