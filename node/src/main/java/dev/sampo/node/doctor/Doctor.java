package dev.sampo.node.doctor;

import dev.sampo.node.NodeOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Looks at everything a node of these options depends on. */
public final class Doctor {
    private Doctor() {}

    /** A group of checks; it adds what it finds. */
    interface Check {
        void look(Consumer<Finding> findings) throws Exception;
    }

    /**
     * All findings, in the order in which they are to be mended; ends within seconds for each thing that does not answer.
     *
     * @param cluster where to ask a running cluster; empty asks none
     */
    public static List<Finding> examine(NodeOptions options, ClusterDoor cluster) {
        List<Finding> findings = new ArrayList<>();
        run("machine", new MachineChecks(), findings);
        run("storage", new StorageChecks(options.home()), findings);
        run("tls", new TlsChecks(options), findings);
        run("ports", new PortChecks(options), findings);
        run("kubernetes", new KubernetesChecks(options), findings);
        run("cluster", new ClusterChecks(options.home(), cluster), findings);
        return findings;
    }

    private static void run(String group, Check check, List<Finding> findings) {
        try {
            check.look(findings::add);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            findings.add(Finding.fail(group, e.toString(), "see the reason; the rest of this group was not looked at"));
        }
    }
}
