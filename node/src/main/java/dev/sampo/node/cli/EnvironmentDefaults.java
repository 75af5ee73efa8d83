package dev.sampo.node.cli;

import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/** An option that is not given is taken from the environment: {@code --http-port} from {@code SAMPO_HTTP_PORT}. */
final class EnvironmentDefaults implements IDefaultValueProvider {
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
        if (!(argument instanceof OptionSpec option) || !option.longestName().startsWith("--")) {
            return null;
        }
        String value = environment.get(variable(option.longestName()));
        // Kubernetes sets SAMPO_PORT=tcp://... in pods beside a service "sampo"; it means no option.
        return value == null || value.isBlank() || value.matches("(tcp|udp|sctp)://.*") ? null : value;
    }

    static String variable(String option) {
        return "SAMPO_" + option.substring(2).replace('-', '_').toUpperCase(Locale.ROOT);
    }
}
