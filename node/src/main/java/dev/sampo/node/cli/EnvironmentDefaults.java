package dev.sampo.node.cli;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/** An option that is not given is taken from the environment: {@code --http-port} from {@code SAMPO_HTTP_PORT}. */
class EnvironmentDefaults implements IDefaultValueProvider {
    private final Map<String, String> environment;

    /** What picocli makes one with. */
    @SuppressWarnings("unused")
    EnvironmentDefaults() {
        this(System.getenv());
    }

    EnvironmentDefaults(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public @Nullable String defaultValue(ArgSpec argument) {
        // Nobody means --version who names one in SAMPO_VERSION.
        if (!(argument instanceof OptionSpec option) || option.usageHelp() || option.versionHelp()) {
            return null;
        }
        String value = environment.get(variable(option.longestName()));
        // Kubernetes sets SAMPO_PORT=tcp://... in pods beside a service "sampo"; it means no option.
        return value == null || value.isBlank() || value.matches("(tcp|udp|sctp)://.*") ? null : value;
    }

    /** Of the commands that ask a cluster: only how to reach it, for the rest is what a user asks. */
    static final class OfClient extends EnvironmentDefaults {
        private static final Set<String> OPTIONS = Set.of("--cluster", "--tls-dir", "--ca", "--token-file");

        @Override
        public @Nullable String defaultValue(ArgSpec argument) {
            return argument instanceof OptionSpec option && OPTIONS.contains(option.longestName())
                    ? super.defaultValue(argument)
                    : null;
        }
    }

    static String variable(String option) {
        return "SAMPO_" + option.substring(2).replace('-', '_').toUpperCase(Locale.ROOT);
    }
}
