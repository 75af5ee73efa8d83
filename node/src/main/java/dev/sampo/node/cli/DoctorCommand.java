package dev.sampo.node.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.cluster.Discovery;
import dev.sampo.cluster.Role;
import dev.sampo.node.NodeOptions;
import dev.sampo.node.client.Credentials;
import dev.sampo.node.doctor.ClusterDoor;
import dev.sampo.node.doctor.Doctor;
import dev.sampo.node.doctor.Finding;
import dev.sampo.node.security.NodeSecurity;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Looks for what keeps a node from working. */
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        defaultValueProvider = EnvironmentDefaults.class,
        description = {
            "Looks at what a node depends on - machine, storage, certificates, ports, the Kubernetes API and a running"
                    + " cluster - and says what to mend.",
            "Options are those of sampo node, also from the environment, so in a pod none is needed."
        },
        footer = {
            "",
            "Examples:",
            "  sampo doctor --home /shared/sampo --cluster 127.0.0.1:17355",
            "  kubectl exec sampo-ps-0 -- sampo doctor",
            "",
            "Exit codes: 0 nothing fails, 1 something does"
        })
final class DoctorCommand implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Option(names = "--roles", split = ",", description = "of the node (default: all)")
    private List<String> roles = List.of();

    @Option(names = "--host", description = "of the node (default: ${DEFAULT-VALUE})")
    private String host = "127.0.0.1";

    @Option(names = "--port", description = "of the node (default: ${DEFAULT-VALUE})")
    private int port = 17355;

    @Option(names = "--http-host", paramLabel = "ADDRESS", description = "as of the node")
    private @Nullable String httpHost;

    @Option(names = "--http-port", description = "of the node")
    private int httpPort = -1;

    @Option(names = "--management-port", description = "of the node")
    private int managementPort = -1;

    @Option(names = "--discovery", description = "seeds or kubernetes (default: ${DEFAULT-VALUE})")
    private String discovery = "seeds";

    @Option(names = "--home", description = "folder that all nodes share (default: ${DEFAULT-VALUE})")
    private Path home = Path.of(".sampo");

    @Option(names = "--tls-dir", paramLabel = "DIR", description = "of nodes and clients")
    private @Nullable Path tlsDir;

    @Option(names = "--http-tls-dir", paramLabel = "DIR", description = "of the HTTP API")
    private @Nullable Path httpTlsDir;

    @Option(names = "--ca", paramLabel = "FILE", description = "whom to believe at https://host:port")
    private @Nullable Path ca;

    @Option(names = "--token-file", paramLabel = "FILE", description = "of the HTTP API")
    private @Nullable Path tokenFile;

    @Option(names = "--insecure", description = "as of the node")
    private boolean insecure;

    @Option(names = "--config", paramLabel = "FILE", description = "as of the node")
    private @Nullable Path config;

    @Option(names = "--cluster", paramLabel = "ADDRESS", description = "ask a running cluster too")
    private String cluster = "";

    @Option(names = "--json", description = "print one JSON object on stdout and nothing else there")
    private boolean json;

    @Override
    public Integer call() {
        Set<Role> parsed = EnumSet.noneOf(Role.class);
        roles.forEach(role -> parsed.add(Role.of(role.strip())));
        NodeOptions options = new NodeOptions(
                parsed.isEmpty() ? EnumSet.allOf(Role.class) : parsed,
                host,
                port,
                Discovery.of(discovery),
                List.of(),
                httpHost,
                httpPort,
                managementPort,
                home.toAbsolutePath(),
                1,
                new NodeSecurity(tlsDir, httpTlsDir, tokenFile, insecure),
                config);
        List<Finding> findings =
                Doctor.examine(options, new ClusterDoor(cluster, new Credentials(tlsDir, ca, tokenFile)));
        if (json) {
            System.out.println(asJson(findings));
        } else {
            table(findings);
        }
        return findings.stream().anyMatch(each -> each.level() == Finding.Level.FAIL) ? Cli.FAILED : 0;
    }

    private static void table(List<Finding> findings) {
        for (Finding each : findings) {
            System.out.printf(Locale.ROOT, "%-5s %-22s %s%n", each.level(), each.check(), each.found());
            if (!each.mend().isEmpty()) {
                System.out.printf(Locale.ROOT, "%-28s -> %s%n", "", each.mend());
            }
        }
    }

    private static ObjectNode asJson(List<Finding> findings) {
        ObjectNode all = JSON.createObjectNode();
        var list = all.putArray("findings");
        for (Finding each : findings) {
            list.addObject()
                    .put("check", each.check())
                    .put("level", each.level().name())
                    .put("found", each.found())
                    .put("mend", each.mend());
        }
        return all;
    }
}
